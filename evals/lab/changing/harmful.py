"""Changes after which the rules say something else: the factor is gone, or the agent says it first.

Each gives None for a call that it does not fit, or on which it would change nothing.
"""

from typing import TypeGuard

from evals.lab.changing.editing import as_recognised, dropped, events_at, judged_anew, retold

from ausweis.evals.labelled import GoldEvent, LabelledCall
from ausweis.vocabulary import NAME, FactorRecord

__all__ = ["drop_the_factor", "leak_the_factor"]

_LONGEST = 90
"""Characters of an answer that an agent can be thought to read out."""
_SAYS = {"de": "Ich lese hier: {value} Ist das richtig?", "en": "I can see here: {value} Is that right?"}
_AGREES = {"de": "Ja, genau, das stimmt.", "en": "Yes, exactly, that's right."}


def drop_the_factor(labelled: LabelledCall) -> LabelledCall | None:
    """The turns are gone in which the caller gives a factor that a compliant call hangs on."""
    if labelled.gold.outcome != "compliant":
        return None
    for factor in dict.fromkeys(event.subject for event in labelled.gold.events if event.kind == "gives"):
        if factor == NAME:
            continue
        gone = {event.turn for event in labelled.gold.events if event.kind == "gives" and event.subject == factor}
        if any(event.subject != factor for turn in gone for event in events_at(labelled, turn)):
            continue
        changed = dropped(labelled, gone)
        if changed.gold.outcome == "violation":
            return changed
    return None


def leak_the_factor(labelled: LabelledCall) -> LabelledCall | None:
    """Where an agent asks and the caller answers, the agent reads the value out and the caller agrees."""
    known = labelled.vocabulary
    for asks in labelled.gold.events:
        factor = known.factors.get(asks.subject or "")
        if asks.kind != "asks" or not _may_be_leaked(factor) or asks.turn == len(labelled.call.turns):
            continue
        gives = GoldEvent(turn=asks.turn + 1, kind="gives", subject=asks.subject)
        value = labelled.call.turn(asks.turn + 1).text
        alone = events_at(labelled, asks.turn) == [asks] and events_at(labelled, asks.turn + 1) == [gives]
        once = sum(event.kind == "gives" and event.subject == asks.subject for event in labelled.gold.events) == 1
        if not alone or not once or len(value) > _LONGEST:
            continue
        events = [GoldEvent(turn=asks.turn, kind="reads_out", subject=asks.subject)]
        told = known.categories.get(factor.read_out or "")
        if told is not None and told.by_reading_out:
            events.append(GoldEvent(turn=asks.turn, kind="discloses", subject=told.id))
        language = labelled.call.language
        says, agrees = _SAYS[language].format(value=value), _AGREES[language]
        if labelled.gold.tags.surface == "asr":
            says, agrees = as_recognised(says), as_recognised(agrees)
        changed = judged_anew(retold(retold(labelled, asks.turn, says, events), gives.turn, agrees, []))
        if any(
            violation.type == "factor_leaked" and violation.turn == asks.turn for violation in changed.gold.violations
        ):
            return changed
    return None


def _may_be_leaked(factor: FactorRecord | None) -> TypeGuard[FactorRecord]:
    """Whether agents can be thought to read it out: it stands in their records, and is no secret to them."""
    return factor is not None and factor.strength == "weak" and factor.id != NAME
