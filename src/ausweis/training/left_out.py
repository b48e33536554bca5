"""Verdicts on calls that a probe has not learned from: what is chosen by, and what an eval of train can tell.

The answers about a call come from networks that have seen none of its writing pass; from there on it goes the way of
any call, through reading and judging.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ausweis.calls.call import Call
from ausweis.engines.fake import FakeEngine
from ausweis.engines.protocol import Engine
from ausweis.evals.case import Case, case_of, gold_of
from ausweis.evals.labelled import LabelledCall
from ausweis.judging import find_policy, judge
from ausweis.provenance import PromptProvenance
from ausweis.reading.chunks import Chunk
from ausweis.reading.dialogue import weighed
from ausweis.reading.labels import factors_of, of_speaker
from ausweis.reading.turnwise import TurnwiseReader
from ausweis.vocabulary import OwnWord

__all__ = ["left_out_cases"]

Array = NDArray[np.float32]


class _Told:
    """Asks nothing: the answers about the next call are there."""

    exclusive = False
    prompts: tuple[PromptProvenance, ...] = ()
    words: tuple[OwnWord, ...] = ()

    def __init__(self, labels: Sequence[str], dialogue: Sequence[float]) -> None:
        self._labels = labels
        self._dialogue = dialogue
        self.factors: frozenset[str] = factors_of(labels)
        self.answers: Array = np.zeros((0, 0), np.float32)

    def ask(self, engine: Engine, call: Call, chunks: Sequence[Chunk]) -> tuple[list[dict[str, float]], int]:
        """The answers, by label of the speaker."""
        told = [of_speaker(chunk.speaker, self._labels, row) for chunk, row in zip(chunks, self.answers, strict=True)]
        return weighed(chunks, told, self._dialogue), 0


def left_out_cases(
    calls: Sequence[LabelledCall], answers: Iterable[Array], labels: Sequence[str], dialogue: Sequence[float]
) -> list[Case]:
    """The cases of an eval. `answers`: for each call the probabilities of its lines, shape (lines, labels)."""
    asking = _Told(labels, dialogue)
    reader = TurnwiseReader(FakeEngine({}), asking)
    policies = {name: find_policy(name).policy for name in {labelled.policy for labelled in calls}}
    cases = []
    for labelled, told in zip(calls, answers, strict=True):
        asking.answers = told
        policy = policies[labelled.policy]
        cases.append(case_of(labelled, gold_of(labelled, policy), judge(reader.read(labelled.call).facts, policy)))
    return cases
