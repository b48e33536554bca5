"""A matcher of words learns what a line does with a word, whatever the word is: lines and descriptions are made up."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from evals.lab.training.calls import CallInBasis, Lines, call_in_basis
from evals.lab.training.matching import (
    LeftOut,
    MatchedCall,
    MatchPlan,
    basis_of,
    by_description,
    by_question,
    match_scores,
)
from evals.lab.training.options import Bound, wordings_of
from evals.lab.training.showing import left_out_cases
from evals.lab.training.words import (
    AskedWord,
    Half,
    answers_with,
    asked_words,
    columns_of,
    learn_words,
    word_call,
)
from numpy.typing import NDArray
from tests.evals.cases import labelled
from tests.probes import by_chance, words_by_chance

from ausweis.engines.heads import LineFeatures, features
from ausweis.engines.matcher import NETWORK_PARTS, QUESTION, VERBS, Descriptions, WordMatcher, in_basis, weighed_place
from ausweis.errors import EngineError, InputError
from ausweis.labelled import LabelledCall
from ausweis.prompts import default_library
from ausweis.reading.asking import Described, asked_about
from ausweis.reading.chunks import LONGEST, Chunk, spoken_chunks
from ausweis.reading.evidence import EVIDENCE, weighed
from ausweis.reading.questions import as_written, own_questions
from ausweis.vocabulary import CATEGORIES, FACTORS, OwnWord

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
    return basis_of([example.lines for example in examples], list(seen.values()), list(seen.values()), SMALL)


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
    plan = MatchPlan(token_dimensions=16, line_dimensions=16).of_rounds(1)
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
        for row, line_features in enumerate(example.lines):
            line_in_basis = matcher.in_basis(line_features)
            scores = matcher.scores(line_in_basis, by_question(call, None), question=True)
            np.testing.assert_allclose(told[row], matcher.scores(line_in_basis, together), rtol=1e-2, atol=2e-2)
            np.testing.assert_allclose(answered[row], scores, rtol=1e-2, atol=2e-2)


CHANCE = np.random.default_rng(3)


def told_of(call: LabelledCall, words: list[AskedWord]) -> MatchedCall:
    """With states and a basis by chance."""
    chunks = spoken_chunks(call.call)
    states = [CHANCE.normal(size=(3, 2, 3)).astype(np.float32) for _ in chunks]
    lines = Lines(chunks, [features(line) for line in states], [frozenset()] * len(chunks), f"of {call.call.id}")
    probe = by_chance(("asks", "asks pin", "gives", "gives pin"), (1, 2), 3)
    questions = [states[0]] * len(asked_about([word.own for word in words if word.own and word.policy == call.policy]))
    basis = dict(probe.parts) | {
        "question_token_shift": np.zeros(6, np.float32),
        "question_line_shift": np.zeros(5, np.float32),
    }
    return word_call(call, lines, questions, words, probe, basis)


def test_known_words_first_then_those_of_each_policy(policy: str) -> None:
    words = asked_words([labelled("a", "A: x"), labelled("b", "A: x", policy=policy)], {})
    said = [factor.id for factor in FACTORS.values() if factor.looks_like]
    assert [word.id for word in words] == [*said, *CATEGORIES, "berth_number"]
    assert {word.policy for word in words[:-1]} == {None}
    own = words[-1]
    assert (own.label, own.kind, own.policy) == ("own berth_number", "factor", policy)
    assert own.own is not None
    assert own.texts == ("the berth number: The number of the berth.",)
    pin = next(word for word in words if word.id == "pin")
    assert len(pin.texts) == 2
    assert pin.texts[0].startswith(f"{FACTORS['pin'].name['de']}: ")


def test_a_word_has_all_its_wordings(policy: str) -> None:
    wordings = {"harbour": {"berth_number": ["Where  the boat lies", "Die Nummer des Liegeplatzes"]}, "other": {}}
    *_, own = asked_words([labelled("b", "A: x", policy=policy)], wordings)
    assert own.texts[1:] == ("the berth number: Where the boat lies", "Die Nummer des Liegeplatzes")


def test_a_file_of_wordings(tmp_path: Path) -> None:
    assert wordings_of(None) == {}
    path = tmp_path / "wordings.yaml"
    path.write_text("harbour:\n  berth_number:\n  - Where the boat lies\n", encoding="utf-8")
    assert wordings_of(path) == {"harbour": {"berth_number": ("Where the boat lies",)}}


@pytest.mark.parametrize(
    "text", ["", "harbour: []", "harbour:\n  berth_number: A sentence", "a: {b: [1]}", "a: [", "\udce4"]
)
def test_what_is_no_file_of_wordings(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wordings.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(InputError, match="the wordings cannot be") as caught:
        wordings_of(path)
    assert str(caught.value.place).startswith(str(path))


def test_what_lines_do_with_each_word(policy: str) -> None:
    lines = ("A: x << asks berth_number", "C: x << gives berth_number; gives pin", "A: x << discloses contract_data")
    call = labelled("b", *lines, policy=policy)
    words = asked_words([call], {})
    told = told_of(call, words)
    assert (told.described, told.group) == (tuple(range(len(words))), "of b")
    assert told_of(labelled("a", "A: x"), words).described == told.described[:-1]
    columns = columns_of(told, words)

    def of(label: str) -> list[float]:
        column, verb = columns[label]
        return [float(value) for value in told.told[:, column, verb]]

    nan = np.nan
    np.testing.assert_equal(of("asks own berth_number"), [1, nan, 0])
    np.testing.assert_equal(of("gives own berth_number"), [nan, 1, nan])
    np.testing.assert_equal(of("reads out own berth_number"), [0, nan, 0])
    np.testing.assert_equal(of("gives pin"), [nan, 1, nan])
    np.testing.assert_equal(of("tells contract data"), [0, nan, 1])
    column, _ = columns["gives pin"]
    assert np.isnan(told.told[:, column, [VERBS.index("tells"), VERBS.index("changes")]]).all()
    agent, caller = {"asks", "asks pin"}, {"gives", "gives pin"}
    assert [set(answer) for answer in told.answers] == [agent, caller, agent]


def test_questions_are_about_factors_and_changes_of_the_policy(policy: str) -> None:
    call, other = labelled("b", "C: x << gives berth_number", policy=policy), labelled("a", "C: x")
    words = asked_words([call, other], {})
    told = told_of(call, words)
    assert told.questions is not None
    assert (told.questions.tokens.shape, told.answered) == ((1, 3, 6), (len(words) - 1,))
    alone = told.of_questions
    assert [words[place].id for place in alone.described] == ["berth_number"]
    np.testing.assert_equal(alone.told, told.told[:, -1:])
    assert told_of(other, words).questions is None


def test_of_a_turn_that_was_cut_it_is_not_known_which_piece_does_it(policy: str) -> None:
    call = labelled("b", f"C: {'eins ' * LONGEST} << gives berth_number", policy=policy)
    words = asked_words([call], {})
    told = told_of(call, words)
    column, verb = columns_of(told, words)["gives own berth_number"]
    assert len(told.chunks) > 1
    assert np.isnan(told.told[:, column, verb]).all()
    column, verb = columns_of(told, words)["gives pin"]
    assert (told.told[:, column, verb] == 0).all()


BERTH = OwnWord(kind="factor", id="berth", name="the berth", description="Where the boat lies.", looks_like="digits")
MOORING = OwnWord(kind="change", id="mooring", name="moorings", description="A berth is swapped.")
CHUNKS = [
    Chunk(1, "agent", "Your berth, please?"),
    Chunk(2, "caller", "Berth 42."),
    Chunk(3, "agent", "I have changed it."),
    Chunk(4, "caller", "Thanks."),
]
DIALOGUE = tuple(np.linspace(-0.5, 0.7, len(EVIDENCE) + 1))


def likelihoods(seed: int) -> list[dict[str, float]]:
    """Of each line, of the labels of its speaker, with the digits that a probe tells."""
    chance = np.random.default_rng(seed)
    mine = {"agent": ("asks", "asks pin", "changes", "changes contract"), "caller": ("gives", "gives pin")}
    return [{label: round(float(chance.uniform(0.05, 0.95)), 4) for label in mine[chunk.speaker]} for chunk in CHUNKS]


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
    told = answers_with(LeftOut(call, scores, answers), words, matcher.parts)
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
