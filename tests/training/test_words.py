"""A matcher of words learns what a line does with a word, whatever the word is: lines and descriptions are made up."""

import json
from collections.abc import Sequence

import numpy as np
import pytest

from ausweis.engines.probe import LineFeatures
from ausweis.engines.word_matcher import VERBS, WORD_PARTS, WordMatcher
from ausweis.prompts import default_library
from ausweis.reading.chunks import Chunk
from ausweis.reading.own_labels import as_written
from ausweis.training.learning import Bound
from ausweis.training.matcher_data import AskedCall, Described, basis_of, in_basis
from ausweis.training.word_calls import AskedWord, WordCall
from ausweis.training.word_network import WordPlan, word_scores
from ausweis.training.words import Alike, learn_words
from ausweis.vocabulary import OwnWord

pytestmark = pytest.mark.training
WIDTH = 24
TEMPLATE = default_library().get("transcript")
BOUND = Bound(TEMPLATE, "1" * 64, (10, 20), "made up")
SMALL = WordPlan(
    token_dimensions=16, line_dimensions=16, compared=16, compared_lines=8, rounds=10, decay=1e-4, dropout=0.1
)
ASKS, GIVES = VERBS.index("asks"), VERBS.index("gives")


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


def made(words: Sequence[AskedWord], calls: int, seed: int = 1) -> list[tuple[list[LineFeatures], int, int]]:
    """Lines in turn of agent and caller: one of the policy's words is given in the second, asked for in the third."""
    chance = np.random.default_rng(seed)
    found = []
    for number in range(calls):
        policy = number % (len(words) // 2)
        given, asked = chance.permutation([2 * policy, 2 * policy + 1])
        lines = [line(chance, int(chance.integers(WIDTH))) for _ in range(4)]
        lines[1] = line(chance, topic_of(int(given)))
        lines[2] = line(chance, topic_of(int(asked)))
        found.append((lines, int(given), int(asked)))
    return found


def calls_of(made_up: Sequence[tuple[list[LineFeatures], int, int]], basis: dict[str, np.ndarray]) -> list[WordCall]:
    calls = []
    for number, (lines, given, asked) in enumerate(made_up):
        policy = given // 2
        told = np.full((4, 2, len(VERBS)), np.nan, np.float32)
        told[1::2, :, GIVES] = told[0::2, :, ASKS] = 0
        told[1, given % 2, GIVES] = told[2, asked % 2, ASKS] = 1
        chunks = [Chunk(turn, ("agent", "caller")[(turn - 1) % 2], "eins zwei") for turn in range(1, 5)]
        answers = [{"gives": 0.5} if chunk.speaker == "caller" else {"asks": 0.5} for chunk in chunks]
        here = (2 * policy, 2 * policy + 1)
        calls.append(WordCall(in_basis(AskedCall(lines, {}, 0), basis), chunks, answers, here, told, str(number % 4)))
    return calls


@pytest.fixture(scope="module")
def learned() -> tuple[WordMatcher, list[WordCall], list[AskedWord], list[tuple[Alike, Alike]]]:
    words = words_of(12)
    seen = seen_of(words)
    examples = made(words, 120)
    basis = basis_of(
        [AskedCall(lines, {}, 0) for lines, _, _ in examples], [Described(*item) for item in seen.items()], 16, 16
    )
    calls = calls_of(examples, basis)
    left_out: list[tuple[Alike, Alike]] = []
    matcher = learn_words(calls, words, seen, basis, BOUND, SMALL, lambda one, other: left_out.append((one, other)))
    return matcher, calls, words, left_out


def test_it_tells_what_a_line_does_with_each_word(
    learned: tuple[WordMatcher, list[WordCall], list[AskedWord], object],
) -> None:
    matcher, _, words, _ = learned
    seen = seen_of(words, seed=77)
    right = 0
    examples = made(words, 60, seed=9)
    for lines, given, asked in examples:
        here = (2 * (given // 2), 2 * (given // 2) + 1)
        described = matcher.described([seen[words[place].texts[0]] for place in here])
        right += here[int(matcher.scores(lines[1], described)[:, GIVES].argmax())] == given
        right += here[int(matcher.scores(lines[2], described)[:, ASKS].argmax())] == asked
    assert right > 1.8 * len(examples) * 0.9


def test_it_says_what_it_was_learned_from(learned: tuple[WordMatcher, list[WordCall], list[AskedWord], object]) -> None:
    matcher = learned[0]
    assert (matcher.template, matcher.model_sha256, matcher.layers) == (TEMPLATE.name, "1" * 64, (10, 20))
    assert json.loads(matcher.notes) == {"about": "made up", "calls": 120, "words": 24, "lines": 480}


def test_calls_of_a_writing_pass_are_told_by_networks_that_have_not_seen_it(
    learned: tuple[WordMatcher, list[WordCall], list[AskedWord], list[tuple[Alike, Alike]]],
) -> None:
    ((one, other),) = learned[3]
    assert set(one) == {("gives", True), ("asks", True)}
    evidence, truth = one["gives", True]
    assert len(evidence) + len(other["gives", True].evidence) == 120 * 2 * 2
    happens, others = evidence[truth > 0, 0], evidence[truth == 0, 0]
    assert np.mean(happens[:, None] > others) > 0.85


def test_the_network_scores_as_the_reader_does() -> None:
    words = words_of(3)
    seen, examples = seen_of(words), made(words, 12)
    basis = basis_of(
        [AskedCall(lines, {}, 0) for lines, _, _ in examples], [Described(*item) for item in seen.items()], 16, 16
    )
    calls = calls_of(examples, basis)
    matcher = learn_words(calls, words, seen, basis, BOUND, WordPlan(token_dimensions=16, line_dimensions=16, rounds=1))
    network = [name for name, shape in WORD_PARTS.items() if shape.startswith("m")]
    networks = [{name: matcher.parts[name][number] for name in network} for number in range(2)]
    described = [matcher.described([seen[word.texts[0]]]) for word in words]
    for call, (lines, _, _) in zip(calls, examples, strict=True):
        told = word_scores(networks, call, described)
        together = matcher.described([seen[words[place].texts[0]] for place in call.words])
        for row, features in enumerate(lines):
            np.testing.assert_allclose(told[row], matcher.scores(features, together), rtol=1e-2, atol=2e-2)
