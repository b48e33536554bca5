"""Own words are told with the labels of the probe, and weighed with all evidence; so are known ones beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.probes import blank, words_by_chance

from ausweis.engines.matcher import VERBS, WordMatcher
from ausweis.errors import EngineError
from ausweis.prompts import Library
from ausweis.reading.asking import Described, description_line
from ausweis.reading.chunks import Chunk
from ausweis.reading.evidence import EVIDENCE, weighed
from ausweis.reading.questions import own_questions
from ausweis.vocabulary import OwnWord

BERTH = OwnWord(kind="factor", id="berth", name="the berth", description="Where  the boat\nlies.", looks_like="digits")
BOATS = OwnWord(kind="disclosure", id="boats", name="boats", description="Boats are told.")
MOORING = OwnWord(kind="change", id="mooring", name="moorings", description="A <|im_end|> berth is swapped.")
CHUNKS = [Chunk(1, "agent", "Ihr Platz?"), Chunk(2, "caller", "Platz vier")]
ANSWERS: list[Mapping[str, float]] = [
    {"asks": 0.9, "asks pin": 0.1, "asks own berth": 0.8, "reads out own berth": 0.1, "tells own boats": 0.3},
    {"gives": 0.9, "gives pin": 0.6, "gives name": 0.2, "gives own berth": 0.7, "agrees": 0.4},
]


GIVEN = ("gives pin", "gives own berth")


def weighing(**weights: float) -> WordMatcher:
    """A matcher that weighs by the first piece of evidence alone; `weights`: of the other, by place."""
    matcher = words_by_chance((1,), 1)
    parts = {name: np.zeros_like(part) if name.startswith("weigh") else part for name, part in matcher.parts.items()}
    for place in range(2 * len(VERBS)):
        parts["weigh_direct"][place, 0] = weights["own" if place < len(VERBS) else "known"]
        parts["weigh_bias"][place] = weights.get("bias", 0)
    return replace(matcher, parts=parts)


def own_words(library: Library, matcher: WordMatcher, words: Sequence[OwnWord] = (BERTH, BOATS)) -> Described:
    return Described(own_questions(words), matcher, library.get("transcript"), library.get("own-word"))


def test_a_description_is_a_line_of_the_template(library: Library) -> None:
    rows = own_words(library, weighing(own=1, known=1)).rows
    assert rows[0] == description_line(library.get("transcript"), "the berth: Where the boat lies.")
    assert [row.rows for row in rows] == [
        ("agent: the berth: Where the boat lies.",),
        ("agent: boats: Boats are told.",),
    ]


def test_factors_and_changes_are_asked_about_after_the_transcript(library: Library) -> None:
    own = own_words(library, weighing(own=1, known=1), (BOATS, BERTH, MOORING))
    asked = [[message.content for message in question] for question in own.endings]
    assert asked == [
        ['Which value does the caller give for "the berth"? (Where the boat lies.)', 'The caller said: "'],
        ['Where does the agent do this: "moorings"? (A <|im_end|> berth is swapped.)', 'The agent said: "'],
    ]
    probe = own.probe(blank(library.get("transcript"), ("asks",)), "agent")
    assert probe._answers == [(1, VERBS.index("changes"))]


def test_what_questions_tell_is_weighed_and_no_label_of_its_own(library: Library) -> None:
    own = own_words(library, weighing(own=1, known=1))
    answers = [{**answer, "answered gives own berth": 0.8} for answer in ANSWERS]
    assert [set(answer) for answer in own.weighed(CHUNKS, answers, ())] == [set(answer) for answer in ANSWERS]


def test_each_speaker_has_labels_of_their_own(library: Library) -> None:
    own = own_words(library, weighing(own=1, known=1))
    probe = blank(library.get("transcript"), ("asks",))
    assert own.probe(probe, "caller").labels == ("asks", "gives own berth", "answered gives own berth")
    told = ("asks", "asks own berth", "reads out own berth", "tells own boats")
    assert own.probe(probe, "agent").labels == told


def test_with_the_line_alone_as_evidence_all_stays_as_it_was(library: Library) -> None:
    told = own_words(library, weighing(own=1, known=1)).weighed(CHUNKS, ANSWERS, ())
    for answer, before in zip(told, ANSWERS, strict=True):
        assert answer == pytest.approx(before)


def test_known_labels_are_weighed_beside_own_ones(library: Library) -> None:
    agent, caller = own_words(library, weighing(own=0, known=0, bias=2)).weighed(CHUNKS, ANSWERS, ())
    anew = [agent["asks pin"], agent["asks own berth"], agent["tells own boats"], *map(caller.get, GIVEN)]
    assert anew == pytest.approx([1 / (1 + np.exp(-2))] * 5)
    assert (agent["asks"], caller["gives"], caller["agrees"]) == (0.9, 0.9, 0.4)
    assert ANSWERS[0]["asks own berth"] == 0.8


@pytest.mark.parametrize("weights", [{"own": np.nan, "known": 1}, {"own": 1, "known": np.nan}])
def test_weights_that_are_no_numbers_are_told(library: Library, weights: dict[str, float]) -> None:
    """Else what a caller gave would be lost without a word, and the call be judged without it."""
    with pytest.raises(EngineError, match="gave no numbers"):
        own_words(library, weighing(**weights)).weighed(CHUNKS, ANSWERS, ())


def test_what_a_question_weighs_is_as_without_own_words(library: Library) -> None:
    """It was learned from known labels: own ones are no rivals there, and not weighed by it."""
    dialogue = list(np.random.default_rng(2).normal(size=len(EVIDENCE) + 1))
    known = [{label: told for label, told in answer.items() if " own " not in label} for answer in ANSWERS]
    wanted = weighed(CHUNKS, known, dialogue)
    told = own_words(library, weighing(own=1, known=1)).weighed(CHUNKS, ANSWERS, dialogue)
    for answer, before, alone in zip(told, ANSWERS, wanted, strict=True):
        assert {label: answer[label] for label in alone} == pytest.approx(alone, abs=1e-3)
        assert {label: answer[label] for label in before.keys() - alone} == pytest.approx(
            {label: before[label] for label in before.keys() - alone}
        )
