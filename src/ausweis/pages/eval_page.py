"""One HTML page of an eval run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from ausweis.calls.call import Turn
from ausweis.evals.calibrating import event_curve, risk_curve
from ausweis.evals.case import Case
from ausweis.evals.conclusion import Conclusion, incidents_said
from ausweis.evals.metrics.calibration import Bin, Curve
from ausweis.evals.metrics.outcomes import NONE, told
from ausweis.evals.metrics.ranking import found_curve
from ausweis.evals.metrics.stability import flipped
from ausweis.evals.metrics.summary import Slice, Summary, rows_of
from ausweis.evals.source import EvalSource
from ausweis.judging.sentences import review_sentence, violation_sentence
from ausweis.judging.verdict import Violation
from ausweis.pages.markup import page_of
from ausweis.pages.words import clock
from ausweis.vocabulary import KNOWN_WORDS, Vocabulary

__all__ = ["chips_of", "eval_page"]

Point = tuple[float, float]


@dataclass(frozen=True)
class RiskCurve:
    """Share of calls reviewed, riskiest first, and share of violations found. `ideal`: all violations come first."""

    points: Sequence[Point]
    ideal: Sequence[Point]
    violations: int
    text: str


@dataclass(frozen=True)
class Reliability:
    """Bins of what was said to be so likely, each with the share that is so; `after`: the same once that is learned.

    `score`: how good they are, in words.
    """

    bins: Sequence[Bin]
    text: str
    score: str
    after: Sequence[Bin] = ()


def review_curve(cases: Sequence[Case], summary: Summary) -> RiskCurve | None:
    """The curve of the first repeat; None where no call is a violation."""
    first = [case for case in cases if case.repeat == 1 and case.gold.outcome is not None]
    broken = sum(case.broken for case in first)
    if not broken:
        return None
    parts = [
        f"{share.value:.0%} when {part} are reviewed"
        for part, share in summary.found_when_reviewed.items()
        if share.value is not None
    ]
    text = f"Of {broken} violations among {len(first)} calls, found are: {', '.join(parts)}."
    return RiskCurve(_corners(found_curve(first)), ((0, 0), (broken / len(first), 1), (1, 1)), broken, text)


def confidence_curve(summary: Summary) -> Reliability | None:
    """That of confidence; None where no call has a verdict."""
    if not summary.reliability or summary.failed == summary.calls:
        return None
    text = _told(summary.reliability, "calls right at a confidence")
    return Reliability(summary.reliability, text, f"Brier score {summary.brier}")


def reliability(curve: Curve | None, learned: Curve | None, so: str) -> Reliability | None:
    """That of a run, and what `ausweis eval calibrate` makes of it; None without a curve. `so`: what is foretold."""
    if curve is None:
        return None
    score = str(curve) if learned is None else f"{curve}; with what eval calibrate learned: {learned}"
    return Reliability(curve.bins, _told(curve.bins, so), score, learned.bins if learned else ())


def _told(bins: Sequence[Bin], so: str) -> str:
    parts = [
        f"{step.right.value:.0%} of {step.right.n} {so} of {step.confidence:.2f}"
        for step in bins
        if step.right.value is not None
    ]
    return "; ".join(parts) + "."


def _corners(points: Sequence[Point]) -> list[Point]:
    """The points at which the curve turns: the same line in fewer words."""
    kept = [points[0]]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        if (here[1] > before[1]) != (after[1] > here[1]):
            kept.append(here)
    return [*kept, points[-1]]


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


def _words(gold: Sequence[str], told: Sequence[str]) -> Iterator[tuple[int, str, State]]:
    for said in dict.fromkeys((*gold, *told)):
        word, _, turn = said.partition("@")
        yield int(turn), word, "invented" if said not in gold else "both" if said in told else "missed"


def _factors(gold: Sequence[str], told: Sequence[str]) -> Iterator[tuple[int, Chip]]:
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


def _statuses(words: Sequence[str]) -> dict[tuple[str, int], list[str]]:
    """The statuses of each factor at each turn, from words such as `pin@4:verified`."""
    statuses: dict[tuple[str, int], list[str]] = defaultdict(list)
    for said in words:
        word, _, rest = said.partition("@")
        turn, _, status = rest.partition(":")
        statuses[word, int(turn)].append(status)
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


def _said(case: Case, side: Conclusion) -> str:
    """What label or verdict say in a word or two: the outcome, if that is labelled, else the incidents."""
    if case.gold.outcome is not None:
        return str(side.outcome)
    return incidents_said(side)


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


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"{word} in turn {turn}" for word, _, turn in (said.partition("@") for said in words)) or "none"


SHADES = 4
"""Steps of the heat table."""
MARKS = ("wrong", "right", "no verdict", "facts differ", "flipped", "must pass", "needs review")


def eval_page(source: EvalSource) -> str:
    """The page."""
    calls, learned = call_views(source), source.calibrated
    learned_events = learned.events if learned else None
    present = {mark for call in calls for mark in call.marks}
    return page_of(
        "eval_page.html.j2",
        "page.css",
        "page.js",
        manifest=source.manifest,
        summary=source.summary,
        rows=rows_of(source.summary),
        confusion=_heat(source.summary),
        tags=_by_kind(source.summary.slices),
        curve=review_curve(source.cases, source.summary),
        calibration=confidence_curve(source.summary),
        risks=reliability(risk_curve(source), learned.risk if learned else None, "calls a violation at a risk"),
        events=reliability(event_curve(source), learned_events, "events so at a probability"),
        calls=calls,
        repeats=max(case.repeat for case in source.cases),
        marks=[mark for mark in MARKS if mark in present],
    )


def _heat(summary: Summary) -> Mapping[str, Sequence[tuple[str, int, int]]]:
    """For each label, verdicts with their count and shade (0: none, up to `SHADES`: all calls of the label)."""
    failed = any(row[NONE] for row in summary.confusion.values())
    heat = {}
    for label, row in summary.confusion.items():
        total = sum(row.values())
        cells = [(verdict, count) for verdict, count in row.items() if verdict != NONE or failed]
        heat[label] = [(verdict, count, -(-count * SHADES // total) if total else 0) for verdict, count in cells]
    return heat


def _by_kind(slices: Sequence[Slice]) -> list[tuple[str, list[Slice]]]:
    """Tags by what stands before their colon."""
    ordered = sorted(slices, key=lambda part: part.tag)
    return [(kind, list(parts)) for kind, parts in groupby(ordered, key=lambda part: part.tag.partition(":")[0])]
