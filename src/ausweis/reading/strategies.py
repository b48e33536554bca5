"""Opens a reading strategy by name, with the templates and readouts that it needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ausweis.engines.matching import Matcher
from ausweis.engines.protocol import Engine
from ausweis.engines.readout import Readout
from ausweis.errors import InputError, PromptError
from ausweis.prompts import Library, Template
from ausweis.reading.asking import Asking, TranscriptAsking, WindowAsking
from ausweis.reading.direct import DirectReader
from ausweis.reading.incidents import IncidentReader, Learned, WantedIncident
from ausweis.reading.reader import Reader
from ausweis.reading.turnwise import TurnwiseReader

__all__ = [
    "INCIDENTS_TEMPLATE",
    "STRATEGIES",
    "TRANSCRIPT_TEMPLATE",
    "TURN_TEMPLATES",
    "PolicyText",
    "incident_reader",
    "matcher_path",
    "open_reader",
    "readout_path",
]

_Part = TypeVar("_Part", Readout, Matcher)

STRATEGIES = ("turnwise", "direct")
TURN_TEMPLATES: Mapping[str, str] = {"agent": "agent-turn", "caller": "caller-turn"}
"""The template that asks about a speaker's turns, where nothing was learned."""
INCIDENTS_TEMPLATE = "incidents"
"""The template whose readout and matcher, where there are such for the model, tell critical incidents."""
TRANSCRIPT_TEMPLATE = "transcript"
"""The template whose readout, where there is one for the model, reads turns of both."""


@dataclass(frozen=True, slots=True)
class PolicyText:
    """What must be known of a policy: for `direct` sentences that explain it, and the SHA-256 of its file.

    `incidents`: what `turnwise` looks for beyond authentication.
    """

    sentences: tuple[str, ...] = ()
    sha256: str = ""
    incidents: tuple[WantedIncident, ...] = ()


def open_reader(
    strategy: str, engine: Engine, library: Library, policy: PolicyText, *, readouts: bool = True
) -> Reader:
    """The reader for a strategy. With `readouts` false, `turnwise` asks zero-shot even where a readout was learned.

    Raises:
        InputError: there is no such strategy.
        PromptError: a template is missing or cannot be used.
    """
    if strategy == "turnwise":
        asking = _learned(engine, library) if readouts else None
        if asking is None:
            turns = {speaker: library.get(name) for speaker, name in TURN_TEMPLATES.items()}
            asking = WindowAsking(turns, library.get("call-start"))
        incidents = incident_reader(engine, library, policy.incidents, readouts=readouts) if policy.incidents else None
        return TurnwiseReader(engine, asking, incidents)
    if strategy == "direct":
        return DirectReader(engine, library.get("call-verdict"), policy.sentences, policy.sha256)
    raise InputError(f"there is no strategy {strategy} (there are: {', '.join(STRATEGIES)})")


def _learned(engine: Engine, library: Library) -> Asking | None:
    """The way to ask with a readout; None where the templates or the model have none."""
    if TRANSCRIPT_TEMPLATE not in library.versions():
        return None
    template = library.get(TRANSCRIPT_TEMPLATE)
    readout = readout_for(template, engine)
    return None if readout is None else TranscriptAsking(template, readout, library.get("call-start"))


def incident_reader(
    engine: Engine, library: Library, wanted: Sequence[WantedIncident], *, readouts: bool = True
) -> IncidentReader:
    """Looks for the wanted incidents; with `readouts` false, by description alone.

    Raises:
        PromptError: a template is missing or cannot be used.
    """
    template = library.get(INCIDENTS_TEMPLATE)
    readout, matcher = (readout_for(template, engine), matcher_for(template, engine)) if readouts else (None, None)
    return IncidentReader(engine, wanted, library.get("incident"), Learned(template, readout, matcher))


def readout_path(template: Template, model_id: str) -> Path:
    """Where the readout of a template version for a model stands: beside the template."""
    return template.path.with_name(f"{template.version}.{model_id}.safetensors")


def matcher_path(template: Template, model_id: str) -> Path:
    """Where the matcher of a template version for a model stands: beside the readout."""
    return template.path.with_name(f"{template.version}.{model_id}.matcher.safetensors")


def readout_for(template: Template, engine: Engine) -> Readout | None:
    """The readout beside a template for the engine's model; None if there is none.

    Raises:
        PromptError: the file is broken, or was trained for another version of the template.
    """
    return _learned_for(template, engine, readout_path(template, engine.info.id), Readout.load)


def matcher_for(template: Template, engine: Engine) -> Matcher | None:
    """The matcher beside a template for the engine's model; None if there is none.

    Raises:
        PromptError: as `readout_for`.
    """
    return _learned_for(template, engine, matcher_path(template, engine.info.id), Matcher.load)


def _learned_for(template: Template, engine: Engine, path: Path, load: Callable[[Path], _Part]) -> _Part | None:
    if not path.is_file():
        return None
    part = load(path)
    if part.model_sha256 != engine.info.sha256:
        return None
    if part.template_sha256 != template.sha256:
        raise PromptError(f"was trained for another text of {template.name}: train it again", place=str(path))
    return part
