"""What a run is made of, from what a user names: the engine, and the versions of the templates."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ausweis.engines.learned_index import kinds_for
from ausweis.engines.protocol import Engine
from ausweis.errors import InputError, PromptError
from ausweis.prompts import Library, Template
from ausweis.provenance import ModelProvenance, PromptProvenance
from ausweis.reading.strategies import (
    CALL_TEMPLATE,
    HEADS,
    INCIDENT_QUESTION_TEMPLATE,
    QUESTION_TEMPLATE,
    TRANSCRIPT_TEMPLATE,
    TURN_TEMPLATES,
    how_to_learn,
)

__all__ = ["PinnedLibrary", "open_engine"]

Warn = Callable[[str], None]


def open_engine(
    name: str,
    *,
    model: str | None = None,
    context: int | None = None,
    threads: int | None = None,
    workers: int | None = None,
    record: Path | None = None,
    warn: Warn | None = None,
) -> Engine:
    """The engine `llama`, `server:URL`, `fake:FILE` or `replay:FOLDER`.

    `model` is an id or path for `llama` (the default one, if None), and the server's name of it for `server`. With
    `record`, its answers are written to that folder. `warn` is told what a user should know before calls are read.

    Raises:
        InputError: there is no such engine, it has no such option, or its file cannot be read.
        ModelError: the model cannot be loaded, or the server cannot be used.
        RunError: the recordings cannot be written.
    """
    kind, _, argument = name.partition(":")
    if kind in ("fake", "replay") and any(option is not None for option in (model, context, threads)):
        raise InputError(f"--model, --context and --threads are for models, not for the engine {kind}")
    if kind != "server" and workers is not None:
        raise InputError("--workers is for --engine server:URL and for --runner ray")
    if kind == "server" and threads is not None:
        raise InputError("--threads is for the engine llama: a server is told its threads when it is started")
    if kind == "server" and argument:
        engine = _open_server(argument, model, context, workers, warn or (lambda text: None))
    else:
        engine = _open(kind, argument, model, context, threads)
    if record is None:
        return engine
    from ausweis.engines.recorded import RecordingEngine

    try:
        return RecordingEngine(engine, record)
    except BaseException:
        engine.close()
        raise


def _open(
    kind: str,
    argument: str,
    model: str | None,
    context: int | None,
    threads: int | None,
) -> Engine:
    if kind == "llama" and not argument:
        from ausweis.engines.llama import LlamaEngine
        from ausweis.engines.weights import catalogue

        name = model or catalogue.default_id()
        engine: Engine = LlamaEngine.load(name, context=context, threads=threads)
        return engine
    if kind == "fake" and argument:
        from ausweis.engines.fake import FakeEngine

        return FakeEngine.from_file(Path(argument))
    if kind == "replay" and argument:
        from ausweis.engines.recorded import ReplayEngine

        return ReplayEngine(Path(argument))
    raise InputError("the engine must be llama, server:URL, fake:FILE or replay:FOLDER")


def _open_server(address: str, model: str | None, context: int | None, workers: int | None, warn: Warn) -> Engine:
    from ausweis.engines.server import ServerEngine
    from ausweis.engines.server.address import KEY_VARIABLE, outside_warning

    outside = outside_warning(address)
    if outside is not None:
        warn(outside)
    key = os.environ.get(KEY_VARIABLE) or None
    engine = ServerEngine(address, model=model, context=context, workers=workers, key=key, warn=warn)
    if engine.warning is not None:
        warn(engine.warning)
    return engine


class PinnedLibrary(Library):
    """A folder of templates in which an id stands for the version that the user chose (`agent-turn@2`, or a file).

    Raises:
        PromptError: a version is not there, or two versions of one template are chosen.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        super().__init__(folder)
        self._pinned: dict[str, Template] = {}
        for template in [self.get(name) for name in names]:
            other = self._pinned.setdefault(template.id, template)
            if other.name != template.name or other.sha256 != template.sha256:
                raise PromptError(f"two versions of {template.id} are chosen; choose one", place=str(folder))

    def candidates(self, identifier: str) -> Iterator[Template]:
        """The chosen version of an id alone; without one, as in any library."""
        pinned = self._pinned.get(identifier)
        return super().candidates(identifier) if pinned is None else iter((pinned,))

    def refuse_unused(
        self, strategy: str, prompts: Iterable[PromptProvenance], model: ModelProvenance, *, probes: bool
    ) -> None:
        """Say so when a template was chosen that is not among those that the strategy asks with.

        Raises:
            ModelError: an index of learned parts cannot be read.
            PromptError: one was.
        """
        asked = {stamp.id for stamp in prompts}
        for identifier, template in self._pinned.items():
            if identifier in asked:
                continue
            heads = HEADS.get(identifier, ()) if strategy == "turnwise" and probes else ()
            # These two are asked in any words, by choice.
            free = identifier in (QUESTION_TEMPLATE, INCIDENT_QUESTION_TEMPLATE)
            learned = kinds_for(model.sha256).items() if heads else ()
            stamps = {stamp for stamp, kinds in learned if kinds & set(heads)}
            if heads and not any(stamp == template.provenance or (free and stamp.id == identifier) for stamp in stamps):
                raise PromptError(f"no {heads[0]} of {template.name} for {model.id}: {how_to_learn(template)}")
            message = f"the strategy {strategy} does not ask with it; it asks with {', '.join(sorted(asked))}"
            raise PromptError(message + _hint(strategy, identifier), place=template.name)


def _hint(strategy: str, identifier: str) -> str:
    if strategy != "turnwise":
        return ""
    if identifier in TURN_TEMPLATES.values():
        return " (--zero-shot asks with it)"
    if identifier == TRANSCRIPT_TEMPLATE:
        return " (--zero-shot asks without it)"
    if identifier == QUESTION_TEMPLATE:
        return " (the policy has no factor or change of its own, or --zero-shot was given)"
    if identifier == CALL_TEMPLATE:
        return " (its answers were learned for another probe, the policy has own words, or --zero-shot was given)"
    if identifier == INCIDENT_QUESTION_TEMPLATE:
        return " (the policy describes no incident, or --zero-shot was given)"
    return ""
