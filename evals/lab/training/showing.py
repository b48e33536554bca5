"""How well calls are read and judged by networks that have not learned from them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from evals.lab.training.networks import CallNumbers
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from ausweis.calls.call import Call
from ausweis.engines.fake import FakeEngine
from ausweis.engines.protocol import Engine
from ausweis.evals.case import Case, case_of
from ausweis.evals.metrics import rows_of, summarise
from ausweis.judging import judge
from ausweis.judging.incidents import LIKELY
from ausweis.labelled import LabelledCall
from ausweis.policies import find_policy
from ausweis.provenance import PromptProvenance
from ausweis.reading.chunks import Chunk
from ausweis.reading.lines import LineReader
from ausweis.vocabulary import OwnWord

Array = NDArray[np.float32]
Answers = list[dict[str, float]]
"""For each line of a call, the probability of each label."""

LONG = 50
"""From so many lines on a call counts as a long one."""


@dataclass
class _Told:
    """Asks nothing: the answers about the call are there."""

    answers: Answers
    words: tuple[OwnWord, ...]
    factors: frozenset[str] = frozenset()
    exclusive: bool = False
    prompts: tuple[PromptProvenance, ...] = ()

    def ask(self, engine: Engine, call: Call, chunks: Sequence[Chunk]) -> tuple[Answers, int]:
        """The answers."""
        return self.answers, 0


def left_out_cases(calls: Sequence[LabelledCall], answers: Iterable[Answers], *, own_words: bool = False) -> list[Case]:
    """The cases of an eval, by a reader that has no calibration yet.

    `answers`: of each call, weighed; with `own_words` they tell those of its policy too.
    """
    policies = {name: find_policy(name).policy for name in {labelled.policy for labelled in calls}}
    cases = []
    for labelled, told in zip(calls, answers, strict=True):
        policy = policies[labelled.policy]
        words = policy.own_words if own_words else ()
        facts = LineReader(FakeEngine({}), _Told(told, words), "heads").read(labelled.call).facts
        verdict = judge(facts, policy)
        cases.append(case_of(labelled, policy, verdict, facts, own_words=own_words))
    return cases


def ranked(truth: NDArray[np.bool_], scores: Array, weights: Array | None = None) -> str:
    """How well these log-odds tell what is true: shape (calls,) or (lines,) each."""
    precision = average_precision_score(truth, scores, sample_weight=weights) if truth.any() else float("nan")
    wrong = f"{int((~truth & (scores > 0)).sum())} wrongly told, {int((truth & (scores <= 0)).sum())} missed"
    return f"{int(truth.sum())} of {len(truth)}, average precision {precision:.3f}, {wrong}"


def show_labels(
    labels: Sequence[str], calls: Sequence[CallNumbers], scores: Sequence[Array], tell: Callable[[str], None]
) -> None:
    """How well each label is told over all lines."""
    every = np.concatenate(scores)
    truth, counts = (np.concatenate([getattr(call, part) for call in calls]) > 0 for part in ("labels", "counts"))
    for place, label in enumerate(labels):
        rows = counts[:, place]
        tell(f"{label:<28} {ranked(truth[rows, place], every[rows, place])}")


def show_verdicts(cases: Sequence[Case], tell: Callable[[str], None]) -> None:
    """How calls are judged."""
    summary = summarise(cases)
    for name, estimate in rows_of(summary):
        tell(f"{name:<44} {estimate}")
    for review in summary.reviews:
        shares = f"violations {review.expected:.0%}, riskiest {review.reviewed:.0%}"
        tell(f"{shares}: precision {review.precision}, found {review.found}")
    for part in summary.slices:
        if part.tag.startswith(("turns:", "language:")):
            numbers = f"right {part.accuracy}, false alarms {part.false_alarms}"
            tell(f"{part.tag:<20} {part.accuracy.n:>4} calls, {numbers}")


def show_incidents(calls: Sequence[CallNumbers], answers: Sequence[Array], tell: Callable[[str], None]) -> None:
    """How often something is said of calls in which nothing happens, and what is found; short calls and long ones.

    Only lines count of which the label tells; a call of which it tells nothing counts nowhere.
    """
    read = [
        ((call.labels > 0) & (call.counts > 0), (answer >= LIKELY) & (call.counts > 0))
        for call, answer in zip(calls, answers, strict=True)
        if call.counts.any()
    ]
    for name, is_long in ((f"fewer than {LONG} lines", False), (f"{LONG} lines or more", True)):
        told = [(true.any(axis=0), said.any(axis=0)) for true, said in read if (len(true) >= LONG) is is_long]
        clean = [said.any() for true, said in told if not true.any()]
        happens, everything = (sum(int(call[part].sum()) for call in told) for part in (0, 1))
        found = sum(int((true & said).sum()) for true, said in told)
        flagged = f"{sum(clean)} of {len(clean)} calls flagged in which nothing happens"
        tell(f"{name}: {flagged}; {found} of {happens} found, {found} of {everything} right that are said")
