"""One HTML page of an eval run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from ausweis.evals.calibrating import event_curve, risk_curve
from ausweis.evals.case import Case, Label, Occurrence
from ausweis.evals.folder import EvalSource
from ausweis.evals.metrics.calibration import Bin, Curve
from ausweis.evals.metrics.summary import NONE, Summary, flipped, found_curve, rows_of, told
from ausweis.judging.sentences import review_sentence, violation_sentence
from ausweis.pages.markup import page_of
from ausweis.pages.turns import Mark
from ausweis.pages.words import clock
from ausweis.vocabulary import KNOWN_WORDS, Vocabulary

SHADES = 4
"""Steps of the heat table."""
MARKS = ("wrong", "right", "no verdict", "facts differ", "flipped", "must pass", "needs review")


def eval_page(source: EvalSource) -> str:
    """The page: wrong calls first, then by risk."""
    flips = set(flipped(source.cases))
    first = sorted((case for case in source.cases if case.repeat == 1), key=lambda one: (one.right, -one.risk, one.id))
    calls = [_call(case, source, flips=case.id in flips) for case in first]
    slices, learned = sorted(source.summary.slices, key=lambda part: part.tag), source.calibrated
    learned_events = learned.events if learned else None
    present = {mark for call in calls for mark in call["marks"]}
    return page_of(
        "eval_page.html.j2",
        "page.css",
        "page.js",
        manifest=source.manifest,
        summary=source.summary,
        rows=rows_of(source.summary),
        confusion=_heat(source.summary),
        tags=[(kind, list(parts)) for kind, parts in groupby(slices, key=lambda part: part.tag.partition(":")[0])],
        curve=_review_curve(source.cases, source.summary),
        calibration=_confidence(source.summary),
        risks=_reliability(risk_curve(source), learned.risk if learned else None, "calls a violation at a risk"),
        events=_reliability(event_curve(source), learned_events, "events so at a probability"),
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


def _review_curve(cases: Sequence[Case], summary: Summary) -> dict[str, Any] | None:
    """Share of calls reviewed, riskiest first, and share of violations found; None where no call is a violation.

    `ideal`: all violations come first.
    """
    first = [case for case in cases if case.repeat == 1 and case.gold.outcome is not None]
    broken = sum(case.broken for case in first)
    if not broken:
        return None
    parts = [
        f"{share.value:.0%} when {part} are reviewed"
        for part, share in summary.found_when_reviewed.items()
        if share.value is not None
    ]
    points = found_curve(first)
    # Those at which the curve turns: the same line in fewer words.
    corners = [
        here
        for before, here, after in zip(points, points[1:], points[2:], strict=False)
        if (here[1] > before[1]) != (after[1] > here[1])
    ]
    return {
        "points": [points[0], *corners, points[-1]],
        "ideal": ((0, 0), (broken / len(first), 1), (1, 1)),
        "violations": broken,
        "text": f"Of {broken} violations among {len(first)} calls, found are: {', '.join(parts)}.",
    }


def _confidence(summary: Summary) -> dict[str, Any] | None:
    """Bins of calls said to be right at a confidence; None where no call has a verdict."""
    if not summary.reliability or summary.failed == summary.calls:
        return None
    return _bins(summary.reliability, "calls right at a confidence", f"Brier score {summary.brier}")


def _reliability(curve: Curve | None, learned: Curve | None, so: str) -> dict[str, Any] | None:
    """Bins of a run, and what `ausweis eval calibrate` makes of them; None without a curve. `so`: what is foretold."""
    if curve is None:
        return None
    score = str(curve) if learned is None else f"{curve}; with what eval calibrate learned: {learned}"
    return _bins(curve.bins, so, score, learned.bins if learned else ())


def _bins(bins: Sequence[Bin], so: str, score: str, after: Sequence[Bin] = ()) -> dict[str, Any]:
    parts = [
        f"{step.right.value:.0%} of {step.right.n} {so} of {step.confidence:.2f}"
        for step in bins
        if step.right.value is not None
    ]
    return {"bins": bins, "text": "; ".join(parts) + ".", "score": score, "after": after}


def _call(case: Case, source: EvalSource, *, flips: bool) -> dict[str, Any]:
    """A call with what label and verdict say of it, by field and turn by turn."""
    labelled, verdict = source.calls[case.id], source.verdicts.get(case.id)
    known = verdict.vocabulary if verdict else labelled.vocabulary
    marks = marks_of_case(case, known)
    states = [mark.state for of_turn in marks.values() for mark in of_turn]
    holds = {
        "no verdict": case.told is None,
        "facts differ": case.told is not None and set(states) - {"both"},
        "flipped": flips,
        "must pass": case.must_pass,
        "needs review": case.needs_review,
    }
    return {
        "case": case,
        "label": _said(case, case.gold),
        "title": labelled.gold.title,
        "why": labelled.gold.why,
        "twin": labelled.gold.twin,
        "verdict": told(case) if case.told is None else _said(case, case.told),
        "marks": ["right" if case.right else "wrong", *(name for name, so in holds.items() if so)],
        "sides": list(_sides(case)),
        "turns": [(turn, clock(turn.start), marks.get(n, ())) for n, turn in enumerate(labelled.call.turns, start=1)],
        "missed": states.count("missed"),
        "invented": states.count("invented"),
        "violations": [(one, violation_sentence(one, "en", known)) for one in verdict.violations] if verdict else (),
        "review": [review_sentence(one, "en", known) for one in verdict.review_reasons] if verdict else (),
    }


def marks_of_case(case: Case, known: Vocabulary = KNOWN_WORDS) -> dict[int, list[Mark]]:
    """What label or verdict say at a turn: factors, actions, violations, incidents. `known`: categories of the case.

    `state`: `missed` (only in the label), `invented` (only in the verdict), `both`, or of a factor `differs`: in both,
    with another status (`subject`; `labelled` is the label's).
    """
    marks: dict[int, list[Mark]] = defaultdict(list)
    verdict = case.told or Label(caller=case.gold.caller, authorisation=case.gold.authorisation)
    for turn, mark in _factors(case.gold.factors, verdict.factors):
        marks[turn].append(mark)
    for turn, word, state in _words(case.gold.actions, verdict.actions):
        category = known.categories.get(word)
        marks[turn].append(Mark(category.kind if category else "disclosure", word, state))
    for turn, word, state in _words(case.gold.violations, verdict.violations):
        marks[turn].append(Mark("violation", word, state))
    for turn, word, state in _words(case.gold.incidents, verdict.incidents):
        marks[turn].append(Mark("incident", word, state))
    return marks


def _words(gold: Sequence[Occurrence], told: Sequence[Occurrence]) -> Iterator[tuple[int, str, str]]:
    for said in dict.fromkeys((*gold, *told)):
        yield said.turn, said.name, "invented" if said not in gold else "both" if said in told else "missed"


def _factors(gold: Sequence[Occurrence], told: Sequence[Occurrence]) -> Iterator[tuple[int, Mark]]:
    right, said = _statuses(gold), _statuses(told)
    for word, turn in dict.fromkeys((*right, *said)):
        label, verdict = right.get((word, turn), []), said.get((word, turn), [])
        for status in (status for status in label if status in verdict):
            yield turn, Mark("factor", word, "both", status)
        missed = [status for status in label if status not in verdict]
        invented = [status for status in verdict if status not in label]
        while missed and invented:
            yield turn, Mark("factor", word, "differs", invented.pop(0), labelled=missed.pop(0))
        yield from ((turn, Mark("factor", word, "missed", status)) for status in missed)
        yield from ((turn, Mark("factor", word, "invented", status)) for status in invented)


def _statuses(occurrences: Sequence[Occurrence]) -> dict[tuple[str, int], list[str]]:
    """The statuses of each factor at each turn."""
    statuses: dict[tuple[str, int], list[str]] = defaultdict(list)
    for occurrence in occurrences:
        statuses[occurrence.name, occurrence.turn].append(occurrence.status)
    return statuses


def _said(case: Case, side: Label) -> str:
    """What label or verdict say in a word or two: the outcome, if that is labelled, else the incidents."""
    return side.incidents_said if case.gold.outcome is None else str(side.outcome)


def _sides(case: Case) -> Iterator[tuple[str, str, str]]:
    gold, verdict = case.gold, case.told
    if case.incidents is not None:
        yield "incidents", _listed(gold.incidents), _listed(verdict.incidents) if verdict else "–"
    if gold.outcome is None:
        return
    yield "outcome", gold.outcome, told(case)
    yield "violations", _listed(gold.violations), _listed(verdict.violations) if verdict else "–"
    yield "caller", gold.caller, verdict.caller if verdict else "–"
    yield "authorisation", gold.authorisation, verdict.authorisation if verdict else "–"


def _listed(occurrences: Iterable[Occurrence]) -> str:
    return ", ".join(f"{each.name} in turn {each.turn}" for each in occurrences) or "none"
