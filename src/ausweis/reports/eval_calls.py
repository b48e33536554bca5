"""The calls of an eval as a page shows them: what label and verdict say, turn by turn."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ausweis.calls.call import Turn
from ausweis.evals.case import Case, Label, Mark
from ausweis.evals.folder import EvalSource
from ausweis.evals.metrics.outcomes import flipped, told
from ausweis.judging.sentences import review_sentence, violation_sentence
from ausweis.judging.verdict import Violation
from ausweis.views.words import clock
from ausweis.vocabulary import KNOWN_WORDS, Vocabulary

__all__ = ["CallView", "Chip", "MarkedTurn", "call_views", "chips_of"]

State = Literal["both", "missed", "invented", "differs"]


@dataclass(frozen=True)
class Chip:
    """A fact or violation at a turn. `status`: of a factor, in the verdict unless missed.

    `missed`: only in the label; `invented`: only in the verdict; `differs`: in both, with `labelled` as another status.
    """

    kind: Literal["factor", "disclosure", "change", "violation", "incident"]
    word: str
    state: State
    status: str = ""
    labelled: str = ""


@dataclass(frozen=True)
class MarkedTurn:
    """A turn and what is marked at it."""

    turn: Turn
    chips: Sequence[Chip]

    @property
    def start(self) -> str:
        """When it begins, as minutes and seconds; empty where unknown."""
        return clock(self.turn.start)

    @property
    def broken(self) -> bool:
        """Whether a rule is broken here, by label or verdict."""
        return any(chip.kind == "violation" for chip in self.chips)


@dataclass(frozen=True)
class CallView:
    """A call as it is shown. `marks` are what it can be filtered by besides tags; `sides` label and verdict by field.

    `violations` each with its sentence, `review` the sentences of what is to be looked at.
    """

    case: Case
    label: str
    title: str
    why: str
    twin: str | None
    verdict: str
    marks: Sequence[str]
    sides: Sequence[tuple[str, str, str]]
    turns: Sequence[MarkedTurn]
    missed: int
    invented: int
    violations: Sequence[tuple[Violation, str]]
    review: Sequence[str]


def call_views(source: EvalSource) -> list[CallView]:
    """The calls of the first repeat: wrong ones first, then by risk."""
    flips = set(flipped(source.cases))
    first = [case for case in source.cases if case.repeat == 1]
    ordered = sorted(first, key=lambda case: (case.right, -case.risk, case.id))
    return [_view(case, source, flips=case.id in flips) for case in ordered]


def chips_of(case: Case, known: Vocabulary = KNOWN_WORDS) -> dict[int, list[Chip]]:
    """The chips of a case by turn: factors, then actions, then violations, then incidents. `known`: its categories."""
    chips: dict[int, list[Chip]] = defaultdict(list)
    told = case.told
    for turn, chip in _factors(case.gold.factors, told.factors if told else ()):
        chips[turn].append(chip)
    for turn, word, state in _words(case.gold.actions, told.actions if told else ()):
        category = known.categories.get(word)
        chips[turn].append(Chip(category.kind if category else "disclosure", word, state))
    for turn, word, state in _words(case.gold.violations, told.violations if told else ()):
        chips[turn].append(Chip("violation", word, state))
    for turn, word, state in _words(case.gold.incidents, told.incidents if told else ()):
        chips[turn].append(Chip("incident", word, state))
    return chips


def _words(gold: Sequence[Mark], told: Sequence[Mark]) -> Iterator[tuple[int, str, State]]:
    for said in dict.fromkeys((*gold, *told)):
        yield said.turn, said.name, "invented" if said not in gold else "both" if said in told else "missed"


def _factors(gold: Sequence[Mark], told: Sequence[Mark]) -> Iterator[tuple[int, Chip]]:
    right, said = _statuses(gold), _statuses(told)
    for word, turn in dict.fromkeys((*right, *said)):
        label, verdict = right.get((word, turn), []), said.get((word, turn), [])
        for status in (status for status in label if status in verdict):
            yield turn, Chip("factor", word, "both", status)
        missed = [status for status in label if status not in verdict]
        invented = [status for status in verdict if status not in label]
        while missed and invented:
            yield turn, Chip("factor", word, "differs", invented.pop(0), labelled=missed.pop(0))
        yield from ((turn, Chip("factor", word, "missed", status)) for status in missed)
        yield from ((turn, Chip("factor", word, "invented", status)) for status in invented)


def _statuses(marks: Sequence[Mark]) -> dict[tuple[str, int], list[str]]:
    """The statuses of each factor at each turn."""
    statuses: dict[tuple[str, int], list[str]] = defaultdict(list)
    for mark in marks:
        statuses[mark.name, mark.turn].append(mark.status)
    return statuses


def _view(case: Case, source: EvalSource, *, flips: bool) -> CallView:
    labelled = source.calls[case.id]
    verdict = source.verdicts.get(case.id)
    known = verdict.vocabulary if verdict else labelled.vocabulary
    chips = chips_of(case, known)
    states = [chip.state for of_turn in chips.values() for chip in of_turn]
    turns = enumerate(labelled.call.turns, start=1)
    return CallView(
        case=case,
        label=_said(case, case.gold),
        title=labelled.gold.title,
        why=labelled.gold.why,
        twin=labelled.gold.twin,
        verdict=told(case) if case.told is None else _said(case, case.told),
        marks=tuple(_marks(case, same=all(state == "both" for state in states), flips=flips)),
        sides=tuple(_sides(case)),
        turns=tuple(MarkedTurn(turn, chips.get(number, ())) for number, turn in turns),
        missed=states.count("missed"),
        invented=states.count("invented"),
        violations=[(broken, violation_sentence(broken, "en", known)) for broken in verdict.violations]
        if verdict
        else (),
        review=[review_sentence(reason, "en", known) for reason in verdict.review_reasons] if verdict else (),
    )


def _said(case: Case, side: Label) -> str:
    """What label or verdict say in a word or two: the outcome, if that is labelled, else the incidents."""
    if case.gold.outcome is not None:
        return str(side.outcome)
    return side.incidents_said


def _marks(case: Case, *, same: bool, flips: bool) -> Iterator[str]:
    yield "right" if case.right else "wrong"
    wanted = {
        "no verdict": case.told is None,
        "facts differ": case.told is not None and not same,
        "flipped": flips,
        "must pass": case.must_pass,
        "needs review": case.needs_review,
    }
    yield from (name for name, holds in wanted.items() if holds)


def _sides(case: Case) -> Iterator[tuple[str, str, str]]:
    if case.incidents is not None:
        yield "incidents", _listed(case.gold.incidents), _listed(case.told.incidents) if case.told else "–"
    if case.gold.outcome is None:
        return
    yield "outcome", case.gold.outcome, told(case)
    yield "violations", _listed(case.gold.violations), _listed(case.told.violations) if case.told else "–"
    yield "caller", case.gold.caller, case.told.caller if case.told else "–"
    yield "authorisation", case.gold.authorisation, case.told.authorisation if case.told else "–"


def _listed(marks: Iterable[Mark]) -> str:
    return ", ".join(f"{mark.name} in turn {mark.turn}" for mark in marks) or "none"
