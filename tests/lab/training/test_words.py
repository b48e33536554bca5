"""A matcher of words learns what a line does with a word, whatever the word is: lines and descriptions are made up."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from evals.lab.training.learning import Bound
from evals.lab.training.matcher import LeftOut
from evals.lab.training.matcher_data import MatchedCall, basis_of, call_in_basis, question_shifts
from evals.lab.training.matcher_network import MatchPlan, by_description, by_question, match_scores
from evals.lab.training.word_calls import AskedWord
from evals.lab.training.words import Half, answers_with, learn_words
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures
from ausweis.engines.matcher import NETWORK_PARTS, QUESTION, VERBS, Descriptions, WordMatcher, in_basis, weighed_place
from ausweis.errors import EngineError
from ausweis.prompts import default_library
from ausweis.reading.chunks import Chunk
from ausweis.reading.questions import as_written
from ausweis.vocabulary import OwnWord

pytestmark = pytest.mark.training
Basis = dict[str, NDArray[np.float32]]
WIDTH = 24
TEMPLATE = default_library().get("transcript")
BOUND = Bound(TEMPLATE, "1" * 64, (10, 20), "made up")
SMALL = MatchPlan(
    token_dimensions=16,
    line_dimensions=16,
    compared=16,
    compared_lines=8,
    rounds=10,
    question_rounds=10,
    decay=1e-4,
    dropout=0.1,
    drawn=4,
)
ASKS, GIVES = VERBS.index("asks"), VERBS.index("gives")


class Example(NamedTuple):
    """Four lines, in turn of agent and caller: the second gives the word `given`, the third asks for `asked`."""

    lines: list[LineFeatures]
    given: int
    asked: int

    @property
    def words(self) -> tuple[int, int]:
        """The two words of its policy."""
        first = self.given // 2 * 2
        return first, first + 1


class Learned(NamedTuple):
    matcher: WordMatcher
    words: list[AskedWord]
    halves: list[tuple[Half, Half]]


def line(chance: np.random.Generator, *topics: int) -> LineFeatures:
    """Tokens by chance, one of them for each topic."""
    tokens = chance.normal(scale=0.3, size=(6, WIDTH))
    for place, topic in enumerate(topics):
        tokens[place, topic] += 3
    return LineFeatures(tokens.astype(np.float32), np.tile(tokens.mean(axis=0), 2).astype(np.float32))


def words_of(policies: int) -> list[AskedWord]:
    """Two own factors a policy; the text of each names its topic."""
    words = []
    for policy in range(policies):
        for number in range(2):
            own = OwnWord(kind="factor", id=f"word_{policy}_{number}", name="Wort", description=f"{policy} {number}")
            words.append(AskedWord(own.id, as_written(own), "factor", (own.description,), str(policy), own))
    return words


def topic_of(place: int) -> int:
    """Of a word, so that no two of a policy have the same."""
    return (place * 7) % WIDTH


def seen_of(words: Sequence[AskedWord], seed: int = 5) -> dict[str, LineFeatures]:
    chance = np.random.default_rng(seed)
    return {word.texts[0]: line(chance, topic_of(place)) for place, word in enumerate(words)}


def made(words: Sequence[AskedWord], calls: int, seed: int = 1) -> list[Example]:
    chance = np.random.default_rng(seed)
    found = []
    for number in range(calls):
        policy = number % (len(words) // 2)
        given, asked = (int(word) for word in chance.permutation([2 * policy, 2 * policy + 1]))
        lines = [line(chance, int(chance.integers(WIDTH))) for _ in range(4)]
        lines[1], lines[2] = line(chance, topic_of(given)), line(chance, topic_of(asked))
        found.append(Example(lines, given, asked))
    return found


def basis_for(examples: Sequence[Example], seen: dict[str, LineFeatures]) -> Basis:
    basis = basis_of([example.lines for example in examples], list(seen.values()), 16, 16)
    return basis | question_shifts(basis, list(seen.values()))


def questions_of(example: Example, basis: Basis, seed: int) -> Descriptions:
    """One for each of the two words: where the answer is about to be said stands what it is about."""
    chance = np.random.default_rng(seed)
    return in_basis(basis, [line(chance, topic_of(place)) for place in example.words], "question")


def calls_of(examples: Sequence[Example], basis: Basis) -> list[MatchedCall]:
    calls = []
    for number, example in enumerate(examples):
        told = np.full((4, 2, len(VERBS)), np.nan, np.float32)
        told[1::2, :, GIVES] = told[0::2, :, ASKS] = 0
        told[1, example.given % 2, GIVES] = told[2, example.asked % 2, ASKS] = 1
        chunks = [Chunk(turn, ("agent", "caller")[(turn - 1) % 2], "eins zwei") for turn in range(1, 5)]
        answers = [{"gives": 0.5} if chunk.speaker == "caller" else {"asks": 0.5} for chunk in chunks]
        calls.append(
            MatchedCall(
                id=str(number),
                lines=call_in_basis(example.lines, basis),
                chunks=chunks,
                described=example.words,
                own=(True, True),
                told=told,
                group=str(number % 4),
                questions=questions_of(example, basis, number),
                answered=(0, 1),
                answers=answers,
            )
        )
    return calls


@pytest.fixture(scope="module")
def learned() -> Learned:
    words = words_of(12)
    seen, examples = seen_of(words), made(words, 120)
    basis = basis_for(examples, seen)
    halves: list[tuple[Half, Half]] = []
    calls = calls_of(examples, basis)
    matcher = learn_words(calls, words, seen, basis, BOUND, SMALL, lambda one, other: halves.append((one, other)))
    return Learned(matcher, words, halves)


def test_it_tells_what_a_line_does_with_each_word(learned: Learned) -> None:
    matcher, words, _ = learned
    seen = seen_of(words, seed=77)
    examples = made(words, 60, seed=9)
    right = 0
    for example in examples:
        described = matcher.described([seen[words[place].texts[0]] for place in example.words])
        first, second = map(matcher.in_basis, example.lines[1:3])
        given = matcher.scores(first, described)[:, GIVES].argmax()
        asked = matcher.scores(second, described)[:, ASKS].argmax()
        right += (example.words[given] == example.given) + (example.words[asked] == example.asked)
    assert right > 0.8 * 2 * len(examples)


def test_it_tells_which_line_answers_a_question_after_the_call(learned: Learned) -> None:
    matcher = learned.matcher
    examples = made(learned.words, 60, seed=9)
    right = 0
    for number, example in enumerate(examples, start=1000):
        questions = questions_of(example, dict(matcher.parts), number)
        given = matcher.scores(matcher.in_basis(example.lines[1]), questions, question=True)[:, GIVES].argmax()
        right += example.words[given] == example.given
    assert right > 0.8 * len(examples)


def test_scores_that_are_no_numbers_are_told() -> None:
    """Else a left-out call would be judged as if nothing had been given in it."""
    words = words_of(2)
    examples = made(words, 1)
    (call,) = calls_of(examples, basis_for(examples, seen_of(words)))
    with pytest.raises(EngineError, match="gave no numbers"):
        answers_with(LeftOut(call, np.full_like(call.told, np.nan), None), words, {})


def test_it_says_what_it_was_learned_from(learned: Learned) -> None:
    matcher = learned.matcher
    assert (matcher.template, matcher.model_sha256, matcher.layers) == (TEMPLATE.name, "1" * 64, (10, 20))
    assert json.loads(matcher.notes) == {"about": "made up", "calls": 120, "words": 24, "lines": 480}


def test_calls_of_a_writing_pass_are_told_by_networks_that_have_not_seen_it(learned: Learned) -> None:
    ((one, other),) = learned.halves
    assert {("gives", True), ("asks", True)} <= set(one.alike)
    evidence, truth = one.alike["gives", True]
    assert len(evidence) + len(other.alike["gives", True].evidence) == 120 * 2 * 2
    assert {told.call.group for told in one.told}.isdisjoint({told.call.group for told in other.told})
    happens, others = evidence[truth > 0, 0], evidence[truth == 0, 0]
    assert np.mean(happens[:, None] > others) > 0.75


def test_half_precision_of_the_file_is_enough_to_weigh_by(learned: Learned, tmp_path: Path) -> None:
    """What is always the same in the evidence could have huge weights that cancel out."""
    learned.matcher.save(tmp_path / "words.safetensors")
    loaded = WordMatcher.load(tmp_path / "words.safetensors")
    for verb in ("gives", "asks"):
        evidence = learned.halves[0][0].alike[verb, True].evidence
        exact = learned.matcher.weigh(weighed_place(verb, own=True), evidence)
        np.testing.assert_allclose(loaded.weigh(weighed_place(verb, own=True), evidence), exact, atol=0.05)


def test_the_network_scores_as_the_reader_does() -> None:
    words = words_of(3)
    seen, examples = seen_of(words), made(words, 12)
    basis = basis_for(examples, seen)
    calls = calls_of(examples, basis)
    plan = MatchPlan(token_dimensions=16, line_dimensions=16, rounds=1, question_rounds=1)
    matcher = learn_words(calls, words, seen, basis, BOUND, plan)
    networks, of_questions = (
        [{name: matcher.parts[begins + name][number] for name in NETWORK_PARTS} for number in range(2)]
        for begins in ("", QUESTION)
    )
    described = [matcher.described([seen[word.texts[0]]]) for word in words]
    for call, example in zip(calls, examples, strict=True):
        told = match_scores(networks, call, by_description(described))
        answered = match_scores(of_questions, call.of_questions, by_question)
        together = matcher.described([seen[words[place].texts[0]] for place in call.described])
        for row, features in enumerate(example.lines):
            line_in_basis = matcher.in_basis(features)
            scores = matcher.scores(line_in_basis, by_question(call, None), question=True)
            np.testing.assert_allclose(told[row], matcher.scores(line_in_basis, together), rtol=1e-2, atol=2e-2)
            np.testing.assert_allclose(answered[row], scores, rtol=1e-2, atol=2e-2)
