"""What `ausweis score` does, in its order: all that needs no model is checked before the model is loaded."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import click

from ausweis.audio.hearing import Hearing, HearingOptions, Listening
from ausweis.audio.kept import KEPT_AUDIO, Kept
from ausweis.audio.roles import Happens
from ausweis.audio.sidecar import Sidecar
from ausweis.batch import ScoreSummary
from ausweis.batch import score as score_calls
from ausweis.batch.config import ScorerConfig
from ausweis.batch.scoring import Runner, local_runner
from ausweis.calls import Call, Sources, UnreadableCall, find_sources, read_calls
from ausweis.calls.text import as_utf8
from ausweis.cli.options import folder_of, is_store, login, opened
from ausweis.cli.output import warn
from ausweis.cli.progress import progress_shown
from ausweis.engines.protocol import Engine
from ausweis.engines.weights import LocalModel
from ausweis.errors import InputError
from ausweis.journal import lock_file, make_folder, write_fault
from ausweis.judging.verdict import Verdict
from ausweis.opening import require_file
from ausweis.policies import find_policy
from ausweis.prompts import Library
from ausweis.provenance import RunProvenance
from ausweis.reading.questions import PolicyText, Reader
from ausweis.reading.strategies import fitting, open_reader
from ausweis.store import RunWriter, Store
from ausweis.vocabulary import Language

DEFAULT_LANGUAGE: Literal["de"] = "de"
_BEGINS = b'{"schema":"ausweis/verdict@'
_COUNTED_BYTES = 64 << 20
"""Inputs up to this size are read once more before the run, to know how many calls there are."""


@dataclass(frozen=True)
class Options:
    """The options of the command, named as there; `recipe` holds what verdicts depend on."""

    paths: tuple[str, ...]
    recipe: ScorerConfig
    address: str
    out: Path | None
    language: Language | None
    labels: tuple[str, ...]
    file_format: str | None
    asr_model: str | None
    agent_channel: Literal["left", "right"] | None
    keep_audio: bool
    quiet: bool
    as_json: bool

    @classmethod
    def of(cls, options: dict[str, Any]) -> "Options":
        """From the command's parameters.

        Raises:
            PolicyError: there is no such policy.
        """
        return cls(recipe=ScorerConfig.of(find_policy(options.pop("policy")), options), **options)

    @property
    def is_piped(self) -> bool:
        """Whether verdicts go to standard output."""
        return self.out == Path("-")

    @property
    def address_shown(self) -> str:
        """The address of the store, without a password."""
        from sqlalchemy import make_url

        return make_url(self.address).render_as_string() if "://" in self.address else self.address


def run_all(options: Options) -> ScoreSummary:
    """Score as the options say.

    Raises:
        AusweisError: wrong use, or a store that cannot be written.
    """
    if options.is_piped and options.as_json:
        raise InputError("--out - and --json both write to standard output; name a file with --out")
    sources = find_sources(options.paths, any_extension=options.file_format is not None)
    if options.out is not None and not options.is_piped:
        sources = _check_out(options.out, sources, options.address)
    _calls(sources, options)
    recordings = _recordings(sources, options)
    folder = folder_of(options.address)
    with ExitStack() as stack:
        # One that is there is opened before the model is loaded, a new one made after it: a slip leaves no file.
        store = stack.enter_context(opened(options.address)) if is_store(options.address) else None
        runner, origin, engine = stack.enter_context(_runner(options, folder))
        store = store or stack.enter_context(opened(options.address, make=True))
        if options.recipe.record is not None:
            store.register(options.recipe.record, "answers")
        on_verdict = stack.enter_context(_lines(options, store))
        show = stack.enter_context(progress_shown(_total(sources, options), sources.files, quiet=options.quiet))
        copies = folder / KEPT_AUDIO if options.keep_audio and recordings else None
        if copies is not None:
            store.register(copies, "recordings")
        run = store.begin(origin, by=login(), copies=copies, policy=options.recipe.policy.policy)
        hear = recordings.opened(_InStore(run), copies, engine, show.listening) if recordings else None
        summary = score_calls(
            _calls(sources, options, hear),
            runner,
            run,
            sources=sources,
            recordings=_audio(sources),
            on_progress=show,
            on_verdict=on_verdict,
            in_one_step=options.out is not None and options.out.is_file(),
        )
    _warn_of_reader(summary, origin)
    if run.displaced:
        told = "calls have another text or time than before under their id; decisions about them count no more"
        warn(f"{run.displaced} {told}")
    return summary


@dataclass(frozen=True)
class Recordings:
    """The recordings among the sources of a command: found before the work begins, loaded with the first one.

    `settings`: all that a transcript depends on besides them. `library`: of the templates that read a call where the
    talk must tell who is the agent.
    """

    options: HearingOptions
    model: LocalModel
    library: Library
    settings: str

    @classmethod
    def among(
        cls, sources: Sources, options: HearingOptions, library: Library, roles_model: str
    ) -> "Recordings | None":
        """Look for recordings and, where there are any, for the ASR model. `roles_model` asks who is the agent.

        Raises:
            ModelError: the ASR model is not on this machine.
        """
        if not any(source.is_recording for source in sources.files):
            return None
        model = options.find()
        return cls(options, model, library, options.settings(model, roles_model))

    def opened(self, kept: Kept, folder: Path | None, engine: Callable[[], Engine], progress: Listening) -> Hearing:
        """Something that listens; recordings are copied to the folder, where there is one."""

        @cache
        def reader() -> Reader:
            strategy = "heads" if fitting(engine()) == "heads" else "turnwise"
            return open_reader(strategy, engine(), self.library, PolicyText())

        happens: Happens = lambda call: sum(event.probability for event in reader().read(call).facts.events)  # noqa: E731
        return Hearing(
            lambda: self.options.open(self.model, happens), kept, self.settings, keep=folder, progress=progress
        )


def _recordings(sources: Sources, options: Options) -> Recordings | None:
    recipe = options.recipe
    library = recipe.library()
    if options.file_format is not None:
        return None
    words = recipe.policy.policy.hot_words
    hearing = HearingOptions(options.asr_model, options.language, options.agent_channel, recipe.threads, words)
    return Recordings.among(sources, hearing, library, f"{recipe.engine} {recipe.model or 'default'}")


class _InStore:
    """Transcripts that were made, as the texts of calls in the store."""

    def __init__(self, run: RunWriter) -> None:
        self._run = run

    def get(self, key: str) -> dict[str, Any] | None:
        """The call that was made of the recording with this key."""
        call = self._run.heard(key)
        return None if call is None else call.model_dump(mode="json", exclude_defaults=True)

    def add(self, key: str, document: Mapping[str, Any]) -> None:
        """Nothing yet: `score` keeps the call before it is read, once no other one has its id."""


def _audio(sources: Sources) -> dict[str, tuple[Path, ...]]:
    """The recordings by their calls' ids."""
    recordings: dict[str, tuple[Path, ...]] = {}
    for source in sources.files:
        if source.is_recording:
            try:
                name = Sidecar.read(source.sidecar).id
            except InputError:
                continue
            # A name that is not UTF-8 cannot stand in a store.
            storable = (path for path in source.files if as_utf8(path.absolute()) == str(path.absolute()))
            # Of two with one id, the first is read.
            recordings.setdefault(name or source.default_id, tuple(storable))
    return recordings


def _check_out(path: Path, sources: Sources, address: str) -> Sources:
    """What is read besides: a command that was ended at its first verdict left a piece of a line, maybe among calls."""
    make_folder(path.parent)
    try:
        require_file(path, new=True)
    except OSError as error:
        raise write_fault(path, error) from None
    real = os.path.realpath(path)
    others = tuple(one for one in sources.files if real not in map(os.path.realpath, one.files))
    read = {os.path.realpath(one.sidecar) for one in sources.files if one.sidecar} | {os.path.realpath(address)}
    if real in read or not others or not _holds_verdicts(path):
        # A key, a policy, a log would be gone.
        raise InputError("--out names a file that holds something else than verdicts; name another", place=str(path))
    return replace(sources, files=others)


def _holds_verdicts(path: Path) -> bool:
    """Whether a file begins as those of `--out` do, if it holds anything, or is not there."""
    if not path.is_file():
        return True
    try:
        with path.open("rb") as file:
            begins = file.read(len(_BEGINS))
    except OSError as error:
        raise write_fault(path, error) from None
    return _BEGINS.startswith(begins)


@contextmanager
def _lines(options: Options, store: Store) -> Iterator[Callable[[Verdict], None] | None]:
    """What writes each verdict as a line of JSON, as soon as it is there, to a file for the user's eyes alone.

    Raises:
        RunError: the file cannot be written.
    """
    path = options.out
    if options.is_piped:
        yield lambda verdict: click.echo(verdict.model_dump_json(by_alias=True))
    elif path is None:
        yield None
    else:
        # Registered first: a deletion must know of all that may hold a call.
        store.register(path, "verdicts")
        try:
            file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb", buffering=0)
        except OSError as error:
            raise write_fault(path, error) from None
        with file:
            try:
                # A deletion puts another file in its place: what is written to the old one would be lost.
                lock_file(file)
                if path.is_file():
                    file.truncate()
            except BlockingIOError:
                message = "another command is writing this file; wait until it is done, or name another file"
                raise InputError(message, place=str(path)) from None
            yield lambda verdict: _append(file, path, verdict)


def _append(file: Any, path: Path, verdict: Verdict) -> None:
    data = memoryview(f"{verdict.model_dump_json(by_alias=True)}\n".encode())
    try:
        while data:
            # A nearly full disk takes a part of the line, and refuses the rest.
            data = data[file.write(data) :]
    except OSError as error:
        raise write_fault(path, error) from None


def _warn_of_reader(summary: ScoreSummary, origin: RunProvenance) -> None:
    """Say what is not known of the reader, and what its answers let suspect."""
    name = f"the model {origin.model.id} (strategy {origin.strategy})"
    if not origin.measured:
        unknown = f"{name} was never measured: how many violations it misses is not known"
        warn(f"{unknown}; `ausweis eval run` with the same --engine, --model and --strategy tells it")
    if summary.empty > 1:
        warn(f"{name} found nothing in any of {summary.empty} calls: it can probably not read them; listen to some")


@contextmanager
def _runner(options: Options, folder: Path) -> Iterator[tuple[Runner, RunProvenance, Callable[[], Engine]]]:
    """The runner, what it is made of, and the engine of this process, which Ray's runner opens only when asked for."""
    recipe = options.recipe
    if recipe.by_ray:
        from ausweis.batch.ray_runner import ray_runner

        workers, recipe = recipe.workers or 1, replace(recipe, workers=None)
        with ExitStack() as opened_, ray_runner(recipe, workers, folder, warn) as (runner, origin):
            _tell_strategy(options, origin)
            yield runner, origin, cache(lambda: opened_.enter_context(recipe.engine_opened()))
    else:
        with recipe.engine_opened(warn) as engine:
            scorer = recipe.scorer(engine, warn)
            _tell_strategy(options, scorer.origin)
            yield local_runner(scorer), scorer.origin, lambda: engine


def _tell_strategy(options: Options, origin: RunProvenance) -> None:
    if not options.quiet and (told := options.recipe.told_of_strategy(origin)):
        warn(told)


def _calls(sources: Sources, options: Options, hear: Hearing | None = None) -> Iterator[Call | UnreadableCall]:
    return read_calls(
        sources,
        speakers=_speakers(options.labels),
        language=options.language or DEFAULT_LANGUAGE,
        format=options.file_format,
        hear=hear,
    )


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
    sizes = [source.size for source in sources.files if source.size is None or not source.is_recording]
    if None in sizes or sum(filter(None, sizes)) > _COUNTED_BYTES:
        return None
    return sum(1 for _ in _calls(sources, options))
