"""What `ausweis score` does, in its order: all that needs no model is checked before the model is loaded."""

import glob
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from ausweis import __version__
from ausweis.audio.hearing import Hearing
from ausweis.batch import Inputs, RunFolder, Summary
from ausweis.batch import score as score_calls
from ausweis.batch.config import ScorerConfig
from ausweis.batch.manifest import input_parts
from ausweis.batch.scoring import Runner, local_runner
from ausweis.batch.state import failures, without_facts
from ausweis.calls import Call, Sources, UnreadableCall, find_sources, read_calls
from ausweis.calls.text import as_utf8
from ausweis.cli.hearing import Recordings
from ausweis.cli.new_folder import new_folder
from ausweis.cli.progress import progress_shown
from ausweis.cli.storing import Filling
from ausweis.cli.warning import warn
from ausweis.engines.protocol import Engine
from ausweis.errors import InputError, RunError, StoreError
from ausweis.policies import find_policy
from ausweis.provenance import RunProvenance
from ausweis.vocabulary import Language

__all__ = ["Options", "run_all"]

DEFAULT_LANGUAGE: Literal["de"] = "de"
_COUNTED_BYTES = 64 << 20
"""Inputs up to this size are read once more before the run, to know how many calls there are."""


@dataclass
class Options:
    """The options of the command, named as there; `recipe` holds what verdicts depend on.

    `unstored`: why the store has not got the run, where it was to.
    """

    paths: tuple[str, ...]
    recipe: ScorerConfig
    folder: Path | None
    resume: bool
    retry_failed: bool
    language: Language | None
    labels: tuple[str, ...]
    file_format: str | None
    asr_model: str | None
    agent_channel: Literal["left", "right"] | None
    keep_audio: bool
    runner: Literal["local", "ray"]
    limit: int | None
    fail_on: tuple[str, ...]
    quiet: bool
    as_json: bool
    store: str | None = None
    unstored: StoreError | None = field(default=None, init=False)

    @classmethod
    def of(cls, options: dict[str, Any]) -> "Options":
        """From the command's parameters.

        Raises:
            PolicyError: there is no such policy.
        """
        return cls(recipe=ScorerConfig.of(find_policy(options.pop("policy")), options), **options)

    def inputs(self, recordings: Recordings | None) -> Inputs:
        """What the manifest says about the calls."""
        return Inputs(
            paths=tuple(map(_absolute, self.paths)),
            language=self.language or DEFAULT_LANGUAGE,
            speakers=_speakers(self.labels),
            format=self.file_format,
            recordings=recordings.settings if recordings else None,
        )


def run_all(options: Options) -> Summary:
    """Score as the options say.

    Raises:
        AusweisError: wrong use, or a run folder that cannot be written.
    """
    if options.folder is None and options.resume:
        raise RunError("--resume needs the run folder: name it with --run")
    if options.retry_failed and not options.resume:
        raise RunError("--retry-failed is for a run that exists: give --resume and --run too")
    sources = find_sources(options.paths, any_extension=options.file_format is not None)
    _calls(sources, options)
    recipe = options.recipe
    recordings = _recordings(sources, options)
    options.folder = options.folder or new_folder(after=f"-{recipe.policy.policy.id}")
    with _filled(options, options.folder) as filling, RunFolder.open(options.folder, resume=options.resume) as run:
        run.refuse(
            {
                "ausweis version": __version__,
                **({"strategy": recipe.strategy} if recipe.strategy else {}),
                "policy": str(recipe.policy.provenance),
                **input_parts(options.inputs(recordings)),
            }
        )
        return _score(options, sources, recordings, run, filling)


@contextmanager
def _filled(options: Options, folder: Path) -> Iterator[Filling | None]:
    """The store to fill, if there is one; what it has not got is told, of a run that is broken off at once."""
    with Filling.opened(options.store) as filling:
        try:
            yield filling
        except BaseException:
            if filling and (unstored := filling.finish(folder)):
                warn(str(unstored))
            raise
        options.unstored = filling.finish(folder) if filling else None


def _recordings(sources: Sources, options: Options) -> Recordings | None:
    recipe = options.recipe
    library = recipe.library()
    if options.file_format is not None:
        return None
    return Recordings.among(
        sources,
        asr_model=options.asr_model,
        language=options.language,
        agent_channel=options.agent_channel,
        threads=recipe.threads,
        policy=recipe.policy.policy,
        keep_audio=options.keep_audio,
        library=library,
        roles_model=f"{recipe.engine} {recipe.model or 'default'}",
    )


def _score(
    options: Options,
    sources: Sources,
    recordings: Recordings | None,
    run: RunFolder,
    filling: Filling | None,
) -> Summary:
    total = _total(sources, options)
    with (
        _runner(options, run) as (runner, origin, engine),
        progress_shown(total, sources.files[: options.limit], quiet=options.quiet) as show,
        recordings.opened(run.path, engine, show.listening, _unheard(options, run))
        if recordings
        else nullcontext() as hear,
    ):
        summary = score_calls(
            _calls(sources, options, hear),
            runner,
            origin,
            run,
            inputs=options.inputs(recordings),
            sources=sources,
            retry_failed=options.retry_failed,
            limit=options.limit,
            on_progress=show,
            also=partial(filling.begin, sources=sources, answers=options.recipe.record) if filling else None,
        )
    _warn_of_reader(summary, origin)
    if run.lost:
        warn(f"{without_facts(run.lost, run.path)}: those that are among the calls given now were read again")
    return summary


def _warn_of_reader(summary: Summary, origin: RunProvenance) -> None:
    """Say what is not known of the reader, and what its answers let suspect."""
    name = f"the model {origin.model.id} (strategy {origin.strategy})"
    if not origin.measured:
        unknown = f"{name} was never measured: how many violations it misses is not known"
        warn(f"{unknown}; `ausweis eval run` with the same --engine, --model and --strategy tells it")
    if summary.empty > 1:
        warn(f"{name} found nothing in any of {summary.empty} calls: it can probably not read them; listen to some")


@contextmanager
def _runner(options: Options, run: RunFolder) -> Iterator[tuple[Runner, RunProvenance, Callable[[], Engine]]]:
    """The runner, what it is made of, and the engine of this process, which Ray's runner opens only when asked for."""
    recipe = options.recipe
    if options.runner == "ray":
        from ausweis.batch.ray_runner import ray_runner

        workers, recipe = recipe.workers or 1, replace(recipe, workers=None)
        with ExitStack() as opened, ray_runner(recipe, workers, run.path, warn) as (runner, origin):
            _tell_strategy(options, origin)
            yield runner, origin, cache(lambda: opened.enter_context(recipe.engine_opened()))
    else:
        with recipe.engine_opened(warn) as engine:
            scorer = recipe.scorer(engine, warn)
            _tell_strategy(options, scorer.origin)
            yield local_runner(scorer), scorer.origin, lambda: engine


def _tell_strategy(options: Options, origin: RunProvenance) -> None:
    if not options.quiet and (told := options.recipe.told_of_strategy(origin)):
        warn(told)


def _unheard(options: Options, run: RunFolder) -> dict[str, UnreadableCall]:
    """The recordings that the run could not hear before; they are not tried again unless that is asked for."""
    if options.retry_failed:
        return {}
    return {
        failure.call_id: UnreadableCall(failure.place, failure.call_id, failure.message, failure.kind)
        for failure in failures(run.path)
        if failure.call_id
        and failure.place
        and (failure.kind == "recording" or failure.kind == "file" or failure.kind == "internal")
    }


def _calls(sources: Sources, options: Options, hear: Hearing | None = None) -> Iterator[Call | UnreadableCall]:
    return read_calls(
        sources,
        speakers=_speakers(options.labels),
        language=options.language or DEFAULT_LANGUAGE,
        format=options.file_format,
        hear=hear,
    )


def _absolute(path: str) -> str:
    """The path or pattern as it is found from any working folder; standard input stays `-`."""
    if path == "-":
        return path
    # The folder that comes before a pattern is none itself.
    here = str(Path.cwd()) if Path(path).exists() else glob.escape(str(Path.cwd()))
    return as_utf8(Path(here, path))


def _speakers(labels: tuple[str, ...]) -> dict[str, str]:
    speakers: dict[str, str] = {}
    for label in labels:
        name, sign, speaker = label.rpartition("=")
        if not sign:
            raise InputError("--speaker needs LABEL=agent or LABEL=caller")
        speakers[name] = speaker
    return speakers


def _total(sources: Sources, options: Options) -> int | None:
    """How many calls there are, where counting is cheap and does no harm: standard input and pipes are read once."""
    size = 0
    for source in sources.files:
        if source.size is None:
            return None
        if not source.is_recording:
            size += source.size
    if size > _COUNTED_BYTES:
        return None
    total = sum(1 for _ in _calls(sources, options))
    return total if options.limit is None else min(total, options.limit)
