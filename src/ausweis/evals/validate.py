"""What is wrong with a golden set: turns, quotes, and gold facts that, judged by the policy, give another verdict."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ausweis.errors import AusweisError
from ausweis.evals.conclusion import Conclusion
from ausweis.evals.labelled import LabelledCall, gold_facts
from ausweis.facts import CALLER_EVENTS
from ausweis.judging import find_policy, judge

__all__ = ["GoldProblem", "validate"]


class GoldProblem(NamedTuple):
    """What is wrong with one call of the set."""

    call_id: str
    message: str


def validate(calls: Iterable[LabelledCall]) -> Iterator[GoldProblem]:
    """All problems, call by call; words and turn numbers of labels are checked when the file is read."""
    labels = list(calls)
    ids = {labelled.call.id for labelled in labels}
    twins = {labelled.call.id: labelled.gold.twin for labelled in labels if labelled.gold.twin is not None}
    texts: dict[str, str] = {}
    for labelled in labels:
        text = "\n".join(turn.text for turn in labelled.call.turns)
        other = texts.setdefault(re.sub(r"\W+", " ", text).casefold(), labelled.call.id)
        problems = [*_shape(labelled), *_turns(labelled)]
        problems += [] if problems or labelled.gold.outcome is None else _rules(labelled)
        if other != labelled.call.id:
            problems.append(f"has the same words as {other}")
        if labelled.gold.twin is not None and (
            labelled.gold.twin not in ids or twins.get(labelled.gold.twin) != labelled.call.id
        ):
            problems.append(f"its twin {labelled.gold.twin} is not in the same file, or has another twin")
        yield from (GoldProblem(labelled.call.id, problem) for problem in problems)


def _shape(labelled: LabelledCall) -> Iterator[str]:
    if not labelled.gold.why:
        yield "no sentence says why"
    if labelled.gold.outcome is not None and not labelled.gold.tags.scenario:
        yield "no scenario is tagged"
    if any(turn.speaker == "unknown" for turn in labelled.call.turns):
        yield "the speaker of a turn is unknown"


def _turns(labelled: LabelledCall) -> Iterator[str]:
    turns = labelled.call.turns
    seen = set()
    for event in labelled.gold.events:
        shown = f"{event.kind} {event.subject or ''}".strip()
        speaker = "caller" if event.kind in CALLER_EVENTS else "agent"
        if turns[event.turn - 1].speaker != speaker:
            yield f"{shown}: turn {event.turn} is not the {speaker}'s"
        if event.quote is not None and event.quote not in turns[event.turn - 1].text:
            yield f"{shown}: its quote does not stand in turn {event.turn}"
        if (event.turn, shown) in seen:
            yield f"{shown}: twice in turn {event.turn}"
        seen.add((event.turn, shown))


def _rules(labelled: LabelledCall) -> Iterator[str]:
    try:
        verdict = judge(gold_facts(labelled), find_policy(labelled.policy).policy)
    except AusweisError as error:
        yield f"cannot be judged: {error}"
        return
    by_rules, said = Conclusion.of_verdict(verdict), Conclusion.of_gold(labelled, verdict)
    for field in ("outcome", "violations", "caller", "authorisation"):
        ours, theirs = getattr(said, field), getattr(by_rules, field)
        if ours != theirs:
            yield f"{field}: the label says {_shown(ours)}, the rules make {_shown(theirs)} of its events"


def _shown(value: object) -> str:
    return (", ".join(value) or "none") if isinstance(value, tuple) else str(value)
