"""What nothing has learned from is told and judged as a reader would have it."""

import numpy as np
import pytest
from evals.lab.training.left_out import left_out_cases
from evals.lab.training.matcher import LeftOut as LeftOutOfMatcher
from evals.lab.training.matcher_data import CallInBasis, MatchedCall
from evals.lab.training.network import Basis
from evals.lab.training.probe import Learned, LeftOut
from evals.lab.training.word_calls import AskedWord
from evals.lab.training.words import answers_with
from tests.evals.cases import labelled
from tests.probes import words_by_chance

from ausweis.engines.matcher import VERBS
from ausweis.prompts import default_library
from ausweis.reading.chunks import Chunk
from ausweis.reading.described import Described
from ausweis.reading.dialogue import EVIDENCE, weighed
from ausweis.reading.questions import as_written, own_questions
from ausweis.vocabulary import OwnWord

pytestmark = pytest.mark.training
BERTH = OwnWord(kind="factor", id="berth", name="the berth", description="Where the boat lies.", looks_like="digits")
MOORING = OwnWord(kind="change", id="mooring", name="moorings", description="A berth is swapped.")
CHUNKS = [
    Chunk(1, "agent", "Your berth, please?"),
    Chunk(2, "caller", "Berth 42."),
    Chunk(3, "agent", "I have changed it."),
    Chunk(4, "caller", "Thanks."),
]
LABELS = ("asks", "asks pin", "gives", "gives pin", "changes", "changes contract")
DIALOGUE = tuple(np.linspace(-0.5, 0.7, len(EVIDENCE) + 1))


def likelihoods(seed: int) -> list[dict[str, float]]:
    """Of each line, of the labels of its speaker, with the digits that a probe tells."""
    chance = np.random.default_rng(seed)
    mine = {"agent": ("asks", "asks pin", "changes", "changes contract"), "caller": ("gives", "gives pin")}
    return [{label: round(float(chance.uniform(0.05, 0.95)), 4) for label in mine[chunk.speaker]} for chunk in CHUNKS]


def test_lines_have_the_labels_of_their_speaker_weighed() -> None:
    told = likelihoods(1)
    answers = np.array([[line.get(label, 0.5) for label in LABELS] for line in told])
    nothing = np.zeros((0, 0), np.float32)
    learned = Learned(Basis(*[nothing] * 4), LABELS, [CHUNKS], [], [])
    (lines,) = LeftOut(learned, [answers], [answers], DIALOGUE).told_lines()
    assert lines == weighed(CHUNKS, told, DIALOGUE)


def test_own_words_are_weighed_as_a_reader_weighs_them() -> None:
    """The same likelihoods, as networks say them of a left-out call and as a reader has them."""
    chance = np.random.default_rng(3)
    words = [
        AskedWord(own.id, as_written(own), own.kind, (own.description,), "harbour", own) for own in (BERTH, MOORING)
    ]
    known = likelihoods(4)
    scores, answers = (chance.normal(size=(len(CHUNKS), 2, len(VERBS))).astype(np.float32) for _ in range(2))
    nothing = CallInBasis(np.zeros((0, 1), np.float16), np.zeros(0, np.int32), np.zeros((0, 1), np.float32))
    call = MatchedCall(
        id="a",
        lines=nothing,
        chunks=CHUNKS,
        described=(0, 1),
        own=(True, True),
        told=scores,
        group="g",
        answered=(0, 1),
        answers=weighed(CHUNKS, known, DIALOGUE),
    )
    matcher = words_by_chance((1,), 1)
    told = answers_with(LeftOutOfMatcher(call, scores, answers), words, matcher.parts)
    read = [dict(line) for line in known]
    for row, chunk in enumerate(CHUNKS):
        for own in own_questions([BERTH, MOORING]):
            if own.word and chunk.speaker in own.speakers:
                place = row, [BERTH, MOORING].index(own.word), VERBS.index(own.verb)
                read[row][own.label] = round(float(1 / (1 + np.exp(-scores[place]))), 4)
                if own.answered:
                    read[row][own.answered] = round(float(1 / (1 + np.exp(-answers[place]))), 4)
    library = default_library()
    reader = Described(own_questions((BERTH, MOORING)), matcher, library.get("transcript"), library.get("own-word"))
    expected = reader.weighed(CHUNKS, read, DIALOGUE)
    assert [line.keys() for line in told] == [line.keys() for line in expected]
    for line, other in zip(told, expected, strict=True):
        assert line == pytest.approx(other)


@pytest.mark.parametrize(("given", "outcome"), [(0.99, "compliant"), (0.01, "violation")])
def test_verdicts_hang_on_own_words(policy: str, given: float, outcome: str) -> None:
    call = labelled(
        "a",
        "A: Your berth? << asks berth_number",
        "C: Ann Cole, it is 42. << gives name; gives berth_number",
        "A: The contract runs till May. << discloses contract_data",
        policy=policy,
    )
    lines = [
        {"asks own berth_number": 0.99},
        {"gives": 0.99, "gives name": 0.99, "gives own berth_number": given},
        {"tells": 0.99, "tells contract data": 0.99},
    ]
    (case,) = left_out_cases([call], [lines], own_words=True)
    assert case.told is not None
    assert case.told.outcome == outcome
    assert case.own_words
    known = [{label: told for label, told in line.items() if "own" not in label} for line in lines]
    (blind,) = left_out_cases([call], [known])
    assert not blind.own_words
