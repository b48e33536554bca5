"""What reading asks about one call with one template: to be shown, or asked by itself.

The reading itself is listened to, so a question is shown as the model gets it when calls are scored.
"""

from ausweis.batch.config import ASKED_BY, ScorerConfig
from ausweis.calls.call import Call
from ausweis.engines.learned_index import kinds_for
from ausweis.engines.overheard import Asked, OverhearingEngine, Wanted
from ausweis.engines.protocol import Engine
from ausweis.engines.weights import catalogue
from ausweis.errors import EngineError, InputError
from ausweis.policies.files import PolicyFile
from ausweis.prompts import Library, Template, default_library
from ausweis.provenance import ModelProvenance
from ausweis.reading.asking import endings_in, transcript_of
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.strategies import CALL_TEMPLATE, HEADS, INCIDENTS_TEMPLATE, TRANSCRIPT_TEMPLATE


def asked_with(
    name: str, call: Call, policy: PolicyFile, turn: int | None = None, engine: Engine | None = None
) -> list[list[Asked]]:
    """The questions of a template about a call or a turn of it; those of one reading of a transcript are one list.

    `name`: id, id@version or file of the template. Without an `engine` they have no answers, and are those that the
    default model is asked.

    Raises:
        EngineError, ModelError: as `Engine.complete`.
        InputError: it asks nothing about this turn, or this call.
        PromptError: calls are not read with it, or not by this policy.
    """
    library = default_library()
    template = library.get(name)
    model = catalogue.entry(catalogue.default_id())
    info = engine.info if engine else ModelProvenance(id=model.id, sha256=model.sha256, engine="none")
    heard = _without_heads(template, library, call, turn, info) if engine is None else []
    if not heard:
        recipe = ScorerConfig.of(policy, {"strategy": ASKED_BY.get(template.id, "turnwise"), "pins": (name,)})
        listening = OverhearingEngine(info, engine, Wanted(template.name, turn))
        try:
            recipe.reader(listening).read(call)
        except EngineError:
            # What a reader can do nothing with is an answer all the same.
            if not listening.heard:
                raise
        heard = listening.heard
    if not heard and turn is not None:
        turns = {one.turn for group in asked_with(name, call, policy) for one in group if one.turn is not None}
        about = f"turns {', '.join(map(str, sorted(turns)))}: take one of them" if turns else "the call as a whole"
        message = f"{template.name} asks nothing about turn {turn}, but about {about}, or leave --turn out"
        raise InputError(message, place=f"call {call.id}")
    if not heard:
        raise InputError(f"{template.name} asks nothing about this call", place=f"call {call.id}")
    return heard


def _without_heads(
    template: Template, library: Library, call: Call, turn: int | None, model: ModelProvenance
) -> list[list[Asked]]:
    """The questions of a template that heads read, where none was learned yet, so that no call is read with it."""
    known = kinds_for(model.sha256)[template.provenance] & set(HEADS.get(template.id, ()))
    chunks = spoken_chunks(call)
    if known or not chunks or template.id not in (TRANSCRIPT_TEMPLATE, CALL_TEMPLATE, INCIDENTS_TEMPLATE):
        return []
    about = template.id == CALL_TEMPLATE
    read = transcript_of(library.get(TRANSCRIPT_TEMPLATE) if about else template, call, chunks)
    if about:
        asked = [Asked(template.name, None, read.messages, endings_in(template), {})]
    else:
        asked = [Asked(template.name, number, read.until(place), (), {}) for place, number in enumerate(read.turns)]
    found = [one for one in asked if one in Wanted(template.name, turn)]
    return [found] if found else []
