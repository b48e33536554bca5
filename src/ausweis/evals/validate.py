"""What a golden set is made of, and what is wrong with it: turns, quotes, labels that its policy does not bear out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ausweis.errors import AusweisError
from ausweis.evals.case import Label, tags_of
from ausweis.facts import may_be_about, sides_of
from ausweis.judging import judge
from ausweis.labelled import LabelledCall, gold_facts
from ausweis.policies import Policy, find_policy
from ausweis.vocabulary import INCIDENTS


class GoldProblem(NamedTuple):
    """What is wrong with one call of the set."""

    call_id: str
    message: str


def validate(calls: Iterable[LabelledCall]) -> Iterator[GoldProblem]:
    """All problems, call by call; words and turn numbers of labels are checked when the file is read."""
    labels = list(calls)
    twins = {labelled.call.id: labelled.gold.twin for labelled in labels}
    texts: dict[str, str] = {}
    for labelled in labels:
        text = "\n".join(turn.text for turn in labelled.call.turns)
        other = texts.setdefault(re.sub(r"\W+", " ", text).casefold(), labelled.call.id)
        problems = [*_shape(labelled), *_turns(labelled)]
        problems += [] if problems or labelled.gold.outcome is None else _by_policy(labelled)
        if other != labelled.call.id:
            problems.append(f"has the same words as {other}")
        if (twin := labelled.gold.twin) is not None and twins.get(twin) != labelled.call.id:
            problems.append(f"its twin {twin} is not in the same file, or has another twin")
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
        sides = sides_of(event.kind)
        if turns[event.turn - 1].speaker not in sides:
            yield f"{shown}: turn {event.turn} is not the {' or '.join(sides)}'s"
        if event.quote is not None and event.quote not in turns[event.turn - 1].text:
            yield f"{shown}: its quote does not stand in turn {event.turn}"
        if (event.turn, shown) in seen:
            yield f"{shown}: twice in turn {event.turn}"
        seen.add((event.turn, shown))


def _by_policy(labelled: LabelledCall) -> Iterator[str]:
    try:
        policy = find_policy(labelled.policy).policy
    except AusweisError as error:
        yield f"cannot be judged: {error}"
        return
    if unknown := list(unknown_words(labelled, policy)):
        yield from unknown
        return
    verdict = judge(gold_facts(labelled), policy)
    by_rules, said = Label.of_verdict(verdict), Label.of_gold(labelled, verdict)
    for field in ("outcome", "violations", "caller", "authorisation"):
        ours, theirs = getattr(said, field), getattr(by_rules, field)
        if ours != theirs:
            yield f"{field}: the label says {_shown(ours)}, the rules make {_shown(theirs)} of its events"


def unknown_words(labelled: LabelledCall, policy: Policy) -> Iterator[str]:
    """The events of a label that are about what the policy does not know, each with its turn."""
    for event in labelled.gold.events:
        if event.subject is not None and not may_be_about(event.kind, event.subject, policy.vocabulary):
            yield f"{event.kind} {event.subject}: turn {event.turn} names what the policy {policy.id} does not know"


def _shown(value: object) -> str:
    return (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)


def mix(calls: Sequence[LabelledCall]) -> dict[str, dict[str, int]]:
    """Calls by outcome, violation type and incident (once a call), caller, each kind of tag; the commonest first.

    Incidents of companies' own, of which a file has hundreds, count as one.
    """
    counts: dict[str, Counter[str]] = {}
    for labelled in calls:
        gold = labelled.gold
        if gold.outcome is not None:
            counts.setdefault("outcome", Counter())[gold.outcome] += 1
            counts.setdefault("violation", Counter()).update({violation.type for violation in gold.violations})
            counts.setdefault("caller", Counter())[gold.caller] += 1
        if gold.incidents is not None:
            incidents = {event.id if event.id in INCIDENTS else "own" for event in gold.incidents.events}
            counts.setdefault("incident", Counter()).update(incidents)
        for tag in tags_of(labelled):
            kind, _, word = tag.partition(":")
            counts.setdefault(kind, Counter())[word] += 1
    turns = sorted(len(labelled.call.turns) for labelled in calls)
    mixed = {kind: dict(words.most_common()) for kind, words in counts.items()}
    middle = turns[len(turns) // 2] if turns else 0
    return {**mixed, "turns": {"least": turns[0], "median": middle, "most": turns[-1]} if turns else {}}
