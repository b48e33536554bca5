"""Turns put in, taken out or said otherwise; the events of the label keep their turns' new numbers."""

import re
from collections.abc import Callable, Collection, Iterable

from ausweis.calls.call import Turn
from ausweis.evals.labelled import Gold, GoldEvent, GoldViolation, LabelledCall, gold_facts
from ausweis.judging import judge
from ausweis.policies import find_policy
from ausweis.vocabulary import Speaker

__all__ = ["as_recognised", "dropped", "events_at", "inserted", "judged_anew", "retold", "retold_everywhere"]


def events_at(labelled: LabelledCall, turn: int) -> list[GoldEvent]:
    """The events of a turn."""
    return [event for event in labelled.gold.events if event.turn == turn]


def retold(labelled: LabelledCall, turn: int, text: str, events: Iterable[GoldEvent]) -> LabelledCall:
    """Another text for a turn, with other events."""
    turns = list(labelled.call.turns)
    turns[turn - 1] = turns[turn - 1].model_copy(update={"text": text})
    kept = [event for event in labelled.gold.events if event.turn < turn]
    later = [event for event in labelled.gold.events if event.turn > turn]
    return _with(labelled, turns, [*kept, *events, *later])


def retold_everywhere(labelled: LabelledCall, tell: Callable[[str], str]) -> LabelledCall:
    """All texts told otherwise, with the same events."""
    turns = [turn.model_copy(update={"text": tell(turn.text)}) for turn in labelled.call.turns]
    return _with(labelled, turns, labelled.gold.events)


def inserted(labelled: LabelledCall, before: int, lines: Iterable[tuple[Speaker, str]]) -> LabelledCall:
    """Turns without events put in before a turn."""
    plain = labelled.gold.tags.surface == "asr"
    new = [Turn(speaker=speaker, text=as_recognised(text) if plain else text) for speaker, text in lines]
    turns = [*labelled.call.turns[: before - 1], *new, *labelled.call.turns[before - 1 :]]
    return _renumbered(labelled, turns, lambda turn: turn + len(new) if turn >= before else turn)


def as_recognised(text: str) -> str:
    """A line as an ASR model writes it."""
    return re.sub(r"[^\w\s']", "", text).lower()


def dropped(labelled: LabelledCall, gone: Collection[int]) -> LabelledCall:
    """Turns taken out, with their events; the label is what the rules make of those that are left."""
    turns = [turn for number, turn in enumerate(labelled.call.turns, start=1) if number not in gone]
    kept = [event for event in labelled.gold.events if event.turn not in gone]
    moved = {
        number: number - sum(other < number for other in gone) for number in range(1, len(labelled.call.turns) + 1)
    }
    events = [event.model_copy(update={"turn": moved[event.turn]}) for event in kept]
    return judged_anew(_with(labelled, turns, events))


def judged_anew(labelled: LabelledCall) -> LabelledCall:
    """The label that the rules make of the events."""
    verdict = judge(gold_facts(labelled), find_policy(labelled.policy).policy)
    update = {
        "outcome": verdict.outcome,
        "violations": tuple(
            dict.fromkeys(GoldViolation(type=violation.type, turn=violation.turn) for violation in verdict.violations)
        ),
        "first_violation_turn": verdict.first_violation_turn,
        "caller": verdict.caller,
        "authorisation": verdict.authorisation.status,
    }
    return labelled.model_copy(update={"gold": labelled.gold.model_copy(update=update)})


def _renumbered(labelled: LabelledCall, turns: Iterable[Turn], number: Callable[[int], int]) -> LabelledCall:
    gold = labelled.gold
    renumbered = _with(
        labelled, turns, [event.model_copy(update={"turn": number(event.turn)}) for event in gold.events]
    )
    violations = tuple(broken.model_copy(update={"turn": number(broken.turn)}) for broken in gold.violations)
    first = None if gold.first_violation_turn is None else number(gold.first_violation_turn)
    moved = renumbered.gold.model_copy(update={"violations": violations, "first_violation_turn": first})
    return renumbered.model_copy(update={"gold": moved})


def _with(labelled: LabelledCall, turns: Iterable[Turn], events: Iterable[GoldEvent]) -> LabelledCall:
    gold: Gold = labelled.gold.model_copy(update={"events": tuple(events)})
    return labelled.model_copy(update={"call": labelled.call.model_copy(update={"turns": tuple(turns)}), "gold": gold})
