"""Opens a reading strategy by name, with the templates and readouts that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ausweis.engines.protocol import Engine
from ausweis.engines.readout import Readout
from ausweis.errors import InputError, PromptError
from ausweis.prompts import Library, Template
from ausweis.reading.asking import Asking, TranscriptAsking, WindowAsking
from ausweis.reading.direct import DirectReader
from ausweis.reading.reader import Reader
from ausweis.reading.turnwise import TurnwiseReader

__all__ = ["STRATEGIES", "TRANSCRIPT_TEMPLATE", "TURN_TEMPLATES", "PolicyText", "open_reader", "readout_path"]

STRATEGIES = ("turnwise", "direct")
TURN_TEMPLATES: Mapping[str, str] = {"agent": "agent-turn", "caller": "caller-turn"}
"""The template that asks about a speaker's turns, where nothing was learned."""
TRANSCRIPT_TEMPLATE = "transcript"
"""The template whose readout, where there is one for the model, reads turns of both."""


@dataclass(frozen=True, slots=True)
class PolicyText:
    """What `direct` must know of a policy: sentences that explain it, and the SHA-256 of its file."""

    sentences: tuple[str, ...]
    sha256: str


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
            asking = WindowAsking({speaker: library.get(name) for speaker, name in TURN_TEMPLATES.items()})
        start = None if asking.tells_start else library.get("call-start")
        return TurnwiseReader(engine, asking, start)
    if strategy == "direct":
        return DirectReader(engine, library.get("call-verdict"), policy.sentences, policy.sha256)
    raise InputError(f"there is no strategy {strategy} (there are: {', '.join(STRATEGIES)})")


def _learned(engine: Engine, library: Library) -> Asking | None:
    """The way to ask with a readout; None where the templates or the model have none."""
    if TRANSCRIPT_TEMPLATE not in library.versions():
        return None
    template = library.get(TRANSCRIPT_TEMPLATE)
    readout = readout_for(template, engine)
    return None if readout is None else TranscriptAsking(template, readout, engine.info.context_tokens)


def readout_path(template: Template, model_id: str) -> Path:
    """Where the readout of a template version for a model stands: beside the template."""
    return template.path.with_name(f"{template.version}.{model_id}.safetensors")


def readout_for(template: Template, engine: Engine) -> Readout | None:
    """The readout beside a template for the engine's model; None if there is none.

    Raises:
        PromptError: the file is broken, or was trained for another version of the template.
    """
    path = readout_path(template, engine.info.model_id)
    if not path.is_file():
        return None
    readout = Readout.load(path)
    if readout.model_sha256 != engine.info.model_sha256:
        return None
    if readout.template_sha256 != template.sha256:
        raise PromptError(f"was trained for another text of {template.name}: train it again", place=str(path))
    return readout
