"""Verdicts on calls that nothing has learned from: what is chosen by, and what an eval of train can tell.

The answers about a call come from networks that have seen none of its writing pass; from there on it goes the way of
any call, through reading and judging, by a reader that has no calibration yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ausweis.calls.call import Call
from ausweis.engines.fake import FakeEngine
from ausweis.engines.protocol import Engine
from ausweis.evals.case import Case, case_of, gold_of
from ausweis.evals.labelled import LabelledCall
from ausweis.judging import judge
from ausweis.policies import find_policy
from ausweis.provenance import PromptProvenance
from ausweis.reading.chunks import Chunk
from ausweis.reading.turnwise import TurnwiseReader
from ausweis.vocabulary import OwnWord

__all__ = ["left_out_cases"]

Answers = list[dict[str, float]]
"""For each line of a call, the probability of each label."""


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
    """The cases of an eval. `answers`: of each call, weighed; with `own_words` they tell those of its policy too."""
    policies = {name: find_policy(name).policy for name in {labelled.policy for labelled in calls}}
    cases = []
    for labelled, told in zip(calls, answers, strict=True):
        policy = policies[labelled.policy]
        words = policy.own_words if own_words else ()
        facts = TurnwiseReader(FakeEngine({}), _Told(told, words)).read(labelled.call).facts
        verdict = judge(facts, policy)
        cases.append(case_of(labelled, gold_of(labelled, policy), verdict, own_words=words, facts=facts))
    return cases
