"""`ausweis eval calibrate`: what a reader's probabilities mean, learned from labelled calls that it has read.

Of the risk of calls: a logistic regression with one fixed slope over the log-odds that the joint outcomes give, whose
offset is the share of violations for which they hold as they are; with the length of a call only where that tells
much more (a likelihood ratio test). Of events that a model names: a logistic regression over the log-odds that it
says, with an offset for each kind, shrunk towards that of all (`reader_calibration`). What that comes to is told of
calls whose author, as far as labels or ids tell one, nothing was learned from.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.learned_index import (
    Base,
    EventCalibration,
    LearnedKind,
    ReaderCalibration,
    index_to_write,
    indexes,
)
from ausweis.errors import AusweisError, InputError
from ausweis.evals.case import Case
from ausweis.evals.folder import CALIBRATION_FILE, Calibrated, EvalSource, read_source
from ausweis.evals.metrics.calibration import Curve, Foretold, at_share, curve_of
from ausweis.facts import Calibration, EventKind, Facts
from ausweis.journal import replace_file
from ausweis.judging.judge import outlook_of
from ausweis.judging.risk import Outlook, doublings
from ausweis.labelled import Gold, LabelledCall
from ausweis.policies import find_policy
from ausweis.policies.form import EXPECTED
from ausweis.provenance import PromptProvenance
from ausweis.reading.strategies import EVENTS_TEMPLATE, calibrated_as

Floats = NDArray[np.float64]

FEWEST = 20
"""Violations, and calls that are none, without which nothing is learned of the risk."""
FEWEST_WRONG = 5
"""Events that are known to be wrong, without which nothing is learned of events."""
FOLDS = 5
SUREST = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
TELLS_MORE = 1.92
"""How much likelier, in log, calls must get by their length: half the 95 % quantile of chi-square."""
SPREAD, SPREAD_OF_KINDS, SPREAD_OF_SLOPE = 2.0, 1.0, 0.5
"""Standard deviations of what is believed before: of offsets around 0, of slopes around 1."""


_Named = tuple[EventKind, float, bool]
"""An event that was read, how likely it was said to be, and whether the label has it."""


class _Reader(NamedTuple):
    """What a calibration is bound to. `used`: the SHA-256 of the one that it had."""

    model: Base
    template: PromptProvenance
    bound_to: tuple[tuple[LearnedKind, str], ...]
    used: str | None

    @property
    def states_events(self) -> bool:
        """Whether the model names the events, so that what it says of each is all that is known of that."""
        return self.template.id == EVENTS_TEMPLATE

    def __str__(self) -> str:
        parts = "".join(f", {kind} {sha256[:12]}" for kind, sha256 in self.bound_to)
        return f"{self.model.id} with {self.template}{parts}"


class _Read(NamedTuple):
    """A labelled call, what was read of it, and all that this allows."""

    labelled: LabelledCall
    facts: Facts
    outlook: Outlook

    @classmethod
    def of(cls, labelled: LabelledCall, facts: Facts) -> "_Read":
        """With the outlook of a reader that was measured: it will be."""
        policy = find_policy(labelled.policy).policy
        return cls(labelled, facts, outlook_of(facts.model_copy(update={"unmeasured": False}), policy))

    @property
    def broken(self) -> bool:
        return self.labelled.gold.outcome == "violation"

    def by(self, events: EventCalibration | None) -> "_Read":
        """The same where events are as likely as this says."""
        if events is None:
            return self
        likely = [
            one.model_copy(update={"probability": round(events.probability(one.kind, _inner(one.probability)), 4)})
            for one in self.facts.events
        ]
        return _Read.of(self.labelled, self.facts.model_copy(update={"events": tuple(likely)}))


def calibrate(run: Path, tell: Callable[[str], None], *, keep: bool = True) -> None:
    """Learn from a finished eval run, tell what it comes to, put the curves beside the run, and keep the parts.

    Without `keep` no part is written.

    Raises:
        InputError: the run has too few calls, another policy than the labels', or there is nowhere to write to.
        AusweisError: the run, a golden file, a policy or a learned part cannot be read, or a file cannot be written.
    """
    source = read_source(run)
    if source.manifest.plan.policy is not None:
        raise InputError("the eval run judged by another policy than the labels'; make one without --policy")
    index = index_to_write() if keep else None
    readers, share = _readers(source, tell), _share(source)
    risks: list[Foretold] = []
    events: list[Foretold] = []
    for reader, reads in readers.items():
        used = _used(reader)
        (risk, of_events), left_out = _learned(reads, reader.states_events), list(_left_out(reads, reader))
        after = [(read.outlook.in_the_field(share, read.facts.turns, fold), read.broken) for read, fold in left_out]
        foretold = [(field.weights.get("violation", 0.0), broken) for field, broken in after]
        risks += foretold
        ids = {read.labelled.call.id for read in reads}
        before = _risks([case for case in _judged(source) if case.id in ids], source)
        violations, authors = sum(read.broken for read in reads), len(set(map(_author, reads)))
        tell(f"{reader}: {len(reads)} calls by {authors} authors, {violations} of them violations")
        tell(f"  risk: {curve_of(before)} before; {curve_of(foretold)} after, on calls left out")
        tell(f"  reference {risk.reference}, longer {risk.longer}, surest {risk.surest}")
        if reader.states_events:
            said = [(likely, right) for read in reads for _, likely, right in _named(read.facts, read.labelled.gold)]
            tell(f"  events: {sum(not right for _, right in said)} of {len(said)} are wrong")
            if of_events is None:
                tell(f"  events stay as they are: {FEWEST_WRONG} wrong ones are the fewest to learn from")
            else:
                named = [one for read, _ in left_out for one in _named(read.facts, read.labelled.gold)]
                events += (likely_ones := [(likely, right) for _, likely, right in named])
                tell(f"  events: {curve_of(said)} before; {curve_of(likely_ones)} after, on calls left out")
        if index is not None:
            template, model = reader.template, reader.model
            learned = ReaderCalibration(
                template=f"{template.id}@{template.version}",
                template_sha256=template.sha256,
                model_sha256=model.sha256,
                risk=risk,
                events=_after(used, of_events),
            )
            files = ", ".join(Path(file.path).name for file in source.manifest.plan.golden)
            about = (template, model, learned.data(), f"learned from {len(reads)} calls of {files}")
            tell(f"  kept in {index.register('calibration', *about, bound_to=dict(reader.bound_to))}")
    if (curve := curve_of(risks)) is not None:
        learned_curves = Calibrated(risk=curve, events=curve_of(events))
        replace_file(run / CALIBRATION_FILE, learned_curves.model_dump_json(by_alias=True, indent=2) + "\n")


def risk_curve(source: EvalSource) -> Curve | None:
    """How often calls are violations whose risk was said to be so high; None without both kinds of calls."""
    cases = _judged(source)
    return curve_of(_risks(cases, source)) if len({case.broken for case in cases}) > 1 else None


def event_curve(source: EvalSource) -> Curve | None:
    """How often events are in the label that were said to be so likely; None where no label tells events."""
    events = [event for call, facts in source.facts.items() for event in _named(facts, source.calls[call].gold)]
    return curve_of([(likely, right) for _, likely, right in events])


def _judged(source: EvalSource) -> list[Case]:
    """The cases of the first repeat that have a verdict, and whose label has an outcome."""
    return [case for case in source.cases if case.repeat == 1 and case.told and case.gold.outcome]


def _share(source: EvalSource) -> float:
    """Of the calls that were judged, the share of violations."""
    cases = _judged(source)
    return _inner(sum(case.broken for case in cases) / max(len(cases), 1))


def _risks(cases: Iterable[Case], source: EvalSource) -> list[Foretold]:
    """The risk of verdicts, brought to the share of violations in the run."""
    expected, share = cache(_expected), _share(source)
    return [(at_share(case.risk, expected(source.calls[case.id].policy), share), case.broken) for case in cases]


def _expected(policy: str) -> float:
    try:
        return find_policy(policy).policy.expected_violations
    except AusweisError:
        return EXPECTED


def _readers(source: EvalSource, tell: Callable[[str], None]) -> dict[_Reader, list[_Read]]:
    """What each reader has read that has read enough, of calls whose label has an outcome; the others are told.

    Raises:
        InputError: none has.
    """
    readers: dict[_Reader, list[_Read]] = {}
    for call, facts in source.facts.items():
        run, labelled = source.runs[call], source.calls.get(call)
        if labelled is None or labelled.gold.outcome is None or not (bound := calibrated_as(run.prompts)):
            continue
        template, heads = bound
        used = (prompt.sha256 for prompt in run.prompts if prompt.id == f"{template.id}:calibration")
        base = Base(id=run.model.id, sha256=run.model.sha256)
        reader = _Reader(base, template, tuple(heads.items()), next(used, None))
        readers.setdefault(reader, []).append(_Read.of(labelled, facts))
    for reader, reads in list(readers.items()):
        broken = sum(read.broken for read in reads)
        if min(broken, len(reads) - broken) < FEWEST:
            few = f"{broken} violations and {len(reads) - broken} other calls: {FEWEST} of each are the fewest"
            tell(f"nothing is learned of {reader}, which has read {few} to learn from")
            del readers[reader]
    if not readers:
        raise InputError(f"no reader of the run has read {FEWEST} violations and as many other calls with a label")
    return readers


def _used(reader: _Reader) -> EventCalibration | None:
    """What the events of these facts rest on already.

    Raises:
        InputError: it is there no more.
    """
    if reader.used is None:
        return None
    parts = ((index, part) for index in indexes() for part in index.parts if part.sha256 == reader.used)
    if (found := next(parts, None)) is None:
        raise InputError(f"the calibration that {reader} was read with is gone: make the eval run again")
    index, part = found
    return ReaderCalibration.load(index.checked(part), part).events


def _after(used: EventCalibration | None, learned: EventCalibration | None) -> EventCalibration | None:
    """One after the other, as one."""
    if used is None or learned is None:
        return learned or used
    return EventCalibration(
        slope=learned.slope * used.slope,
        offset=learned.slope * used.offset + learned.offset,
        kinds={
            kind: learned.slope * used.kinds.get(kind, used.offset) + learned.kinds.get(kind, learned.offset)
            for kind in {**used.kinds, **learned.kinds}
        },
    )


def _author(read: _Read) -> str:
    """Who wrote a call: its writing pass, or what its id has before a last number; a twin is by the same author."""
    gold, call_id = read.labelled.gold, read.labelled.call.id
    return gold.writing_pass or re.sub(r"-\d+$", "", min(call_id, gold.twin or call_id))


def _left_out(reads: Sequence[_Read], reader: _Reader) -> Iterator[tuple[_Read, Calibration]]:
    """Each call by what was learned from calls of other authors; of other calls where there is one author."""
    from sklearn.model_selection import GroupKFold

    authors = list(map(_author, reads))
    groups = authors if len(set(authors)) > 1 else [read.labelled.call.id for read in reads]
    for inside, outside in GroupKFold(min(FOLDS, len(set(groups)))).split(reads, groups=groups):
        risk, events = _learned([reads[place] for place in inside], reader.states_events)
        yield from ((reads[place].by(events), risk) for place in outside)


def _learned(reads: Sequence[_Read], states_events: bool) -> tuple[Calibration, EventCalibration | None]:
    """Of the risk, and of events on top of what the reader's events rest on already."""
    named = [event for read in reads for event in _named(read.facts, read.labelled.gold)] if states_events else []
    events = _fitted_events(named)
    return _fitted_risk([read.by(events) for read in reads]), events


def _named(facts: Facts, gold: Gold) -> list[_Named]:
    """The events that were read; none where the label does not tell them, as that of an overruled verdict."""
    if not gold.events and (gold.outcome != "not_applicable" or gold.authorisation == "unclear"):
        return []
    said = {(event.turn, event.kind, event.subject) for event in gold.events}
    # A rejection need not say what is wrong.
    said |= {(event.turn, event.kind, None) for event in gold.events if event.kind == "rejects"}
    rejected = {event.turn for event in gold.events if event.kind == "rejects" and event.subject is None}
    return [
        (
            event.kind,
            event.probability,
            (event.turn, event.kind, event.subject) in said or (event.kind == "rejects" and event.turn in rejected),
        )
        for event in facts.events
    ]


def _fitted_events(named: Sequence[_Named]) -> EventCalibration | None:
    """Slope and offsets that make what was labelled likeliest; None where too few events are known to be wrong."""
    if sum(not right for _, _, right in named) < FEWEST_WRONG:
        return None
    kinds = sorted({kind for kind, _, _ in named})
    odds = np.array([_log_odds(likely) for _, likely, _ in named])
    place = np.array([kinds.index(kind) for kind, _, _ in named])
    right = np.array([right for _, _, right in named])

    def unlikely(numbers: Floats) -> float:
        slope, offset, *own = numbers
        loss = _loss(slope * odds + offset + np.array(own)[place], right)
        believed = ((slope - 1) / SPREAD_OF_SLOPE) ** 2 + (offset / SPREAD) ** 2
        return loss + float(believed + ((np.array(own) / SPREAD_OF_KINDS) ** 2).sum()) / 2

    _, (slope, offset, *own) = _least(
        unlikely, [1.0, 0.0, *[0.0] * len(kinds)], [(0.1, 5.0), *[(-10, 10)] * (len(kinds) + 1)]
    )
    return EventCalibration(
        slope=round(slope, 4),
        offset=round(offset, 4),
        kinds={kind: round(offset + more, 4) for kind, more in zip(kinds, own, strict=True)},
    )


def _fitted_risk(reads: Sequence[_Read]) -> Calibration:
    """The calibration that makes the labels likeliest, where as many calls are violations as here."""
    share = _inner(sum(read.broken for read in reads) / len(reads))
    unsure = [read for read in reads if not read.outlook.certain]
    weights = np.array([read.outlook.weights.get("violation", 0.0) for read in unsure])
    longer = np.array([doublings(read.facts.turns) for read in unsure])
    broken = np.array([read.broken for read in unsure])

    def fitted(surest: float, lengths: tuple[float, float]) -> tuple[float, float, float, float]:
        odds = np.array([_log_odds(weight) for weight in weights.clip(1 - surest, surest)])

        def unlikely(numbers: Floats) -> float:
            return _loss(odds + numbers[0] + numbers[1] * longer, broken) + float((numbers[0] / SPREAD) ** 2) / 2

        loss, (offset, by_length) = _least(unlikely, [0.0, 0.0], [(-10, 10), lengths])
        return loss, offset, by_length, surest

    plain = min(fitted(surest, (0, 0)) for surest in SUREST)
    by_length = min(fitted(surest, (-20, 0)) for surest in SUREST)
    _, offset, more, surest = by_length if plain[0] - by_length[0] > TELLS_MORE else plain
    reference = 1 / (1 + math.exp(offset - _log_odds(share)))
    return Calibration(reference=round(min(max(reference, 0.001), 0.999), 4), longer=round(more, 2), surest=surest)


def _least(
    of: Callable[[Floats], float], start: Sequence[float], bounds: Sequence[tuple[float, float]]
) -> tuple[float, list[float]]:
    """The least value of a function, and where it is."""
    from scipy.optimize import minimize

    found = minimize(of, np.array(start), bounds=bounds, method="L-BFGS-B")
    return float(found.fun), [float(number) for number in found.x]


def _loss(odds: Floats, happened: NDArray[np.bool_]) -> float:
    """How unlikely what happened is by these log-odds: minus the logarithm of its probability."""
    return float(np.logaddexp(0, np.where(happened, -odds, odds)).sum())


def _inner(probability: float) -> float:
    """Within what four digits tell from certainty."""
    return min(max(probability, 0.0001), 0.9999)


def _log_odds(probability: float) -> float:
    return math.log(_inner(probability) / (1 - _inner(probability)))
