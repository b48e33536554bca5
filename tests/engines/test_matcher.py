"""A matcher compares a line with each description apart; what it says can be written out as arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.probes import by_chance, matcher_by_chance, words_by_chance

from ausweis.engines.heads import LineFeatures, features
from ausweis.engines.matcher import (
    ANSWER_TOKENS,
    QUESTION,
    VERBS,
    Descriptions,
    LineInBasis,
    LineProbe,
    WordMatcher,
    weighed_place,
)
from ausweis.errors import EngineError, PromptError

CHANCE = np.random.default_rng(3)
LINE, SHORT, LONG = (CHANCE.normal(size=(tokens, 2, 3)).astype(np.float32) for tokens in (4, 3, 7))
"""Tokens, two layers of width 3."""
PLACES = {"asks own berth": (1, 0), "tells own boat": (0, 3)}
ANSWERS = {"answered changes own boat": (1, 4)}


@pytest.fixture
def matcher() -> WordMatcher:
    return words_by_chance((16, 20), 3, "b" * 64)


def seen(matcher: WordMatcher, line: NDArray[np.float32] = LINE) -> LineInBasis:
    return matcher.in_basis(features(line))


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(one @ other / np.sqrt((one @ one + 1e-6) * (other @ other + 1e-6)))


def network(
    part: Mapping[str, NDArray[np.float32]], m: int, one: LineFeatures, other: LineFeatures
) -> NDArray[np.float32]:
    """What one network says of one description, token by token."""
    tokens = one.tokens @ part["token_basis"] + part["token_shift"]
    described = other.tokens @ part["token_basis"] + part["described_token_shift"]
    line = one.line @ part["line_basis"] + part["line_shift"]
    whole = other.line @ part["line_basis"] + part["described_line_shift"]
    table = np.array(
        [[likeness(x @ part["of_token"][m], y @ part["of_described_token"][m]) for y in described] for x in tokens]
    )
    weights = np.exp(described @ part["described_token_weight"][m])
    looks = np.exp(np.clip(tokens @ part["token_weight"][m], -8, 8))
    near = np.array(
        [
            table.max(axis=0) @ weights / weights.sum(),
            table.max(axis=1) @ looks / looks.sum(),
            likeness(line @ part["of_line"][m], whole @ part["of_line"][m]),
        ]
    )
    pair = (line @ part["line_pair"][m]) * (whole @ part["described_line_pair"][m])
    seen = np.concatenate([near * 4, line @ part["line_hidden"][m], pair]) @ part["hidden"][m] + part["hidden_bias"][m]
    active = 0.5 * seen * (1 + np.tanh(np.sqrt(2 / np.pi) * (seen + 0.044715 * seen**3)))
    told: NDArray[np.float32] = (
        near @ part["nearness"][m] + active @ part["hidden_out"][m] + line @ part["line"][m] + part["bias"][m]
    )
    return told


def test_scores_by_plain_arithmetic(matcher: WordMatcher) -> None:
    told = matcher.scores(seen(matcher), matcher.described([features(SHORT), features(LONG)]))
    assert told.shape == (2, len(VERBS))
    for scores, other in zip(told, (SHORT, LONG), strict=True):
        each = [network(matcher.parts, m, features(LINE), features(other)) for m in range(2)]
        assert scores == pytest.approx(np.mean(each, axis=0), abs=1e-4)


def test_questions_are_compared_by_networks_of_their_own_at_their_end(matcher: WordMatcher) -> None:
    asked = {name.removeprefix(QUESTION): part for name, part in matcher.parts.items() if name.startswith(QUESTION)}
    shifts = {f"described_{name}": asked.pop(name) for name in ("token_shift", "line_shift")}
    parts = {**matcher.parts, **asked, **shifts}
    told = matcher.scores(seen(matcher), matcher.questions([SHORT, LONG]), question=True)
    for scores, other in zip(told, (SHORT, LONG), strict=True):
        each = [network(parts, m, features(LINE), features(other[-ANSWER_TOKENS:])) for m in range(2)]
        assert scores == pytest.approx(np.mean(each, axis=0), abs=1e-4)


def test_another_word_s_description_changes_no_scores(matcher: WordMatcher) -> None:
    """However long it is: what is filled up counts for nothing."""
    alone = matcher.scores(seen(matcher), matcher.described([features(SHORT)]))
    for other in (LONG, LONG * -1, LINE):
        beside = matcher.scores(seen(matcher), matcher.described([features(other), features(SHORT)]))
        assert beside[1] == pytest.approx(alone[0], abs=1e-5)
        assert np.abs(beside[0] - alone[0]).max() > 0.01


def test_what_is_saved_is_loaded_again(tmp_path: Path, matcher: WordMatcher) -> None:
    path = tmp_path / "words.safetensors"
    matcher.save(path)
    loaded = WordMatcher.load(path)
    assert (loaded.layers, loaded.template, loaded.model_sha256) == ((16, 20), "weather@1", "b" * 64)
    assert len(loaded.sha256) == 64
    described = matcher.described([features(SHORT)])
    assert np.array_equal(loaded.scores(seen(loaded), described), matcher.scores(seen(matcher), described))


def test_a_broken_file(tmp_path: Path, matcher: WordMatcher) -> None:
    path = tmp_path / "words.safetensors"
    for wrong in (
        matcher_by_chance((16, 20), 3),
        replace(matcher, parts={**matcher.parts, "weigh_direct": matcher.parts["weigh_direct"][:, :-1]}),
        replace(matcher, parts={**matcher.parts, "bias": matcher.parts["bias"][:, :-1]}),
    ):
        wrong.save(path)
        with pytest.raises(PromptError, match="train it again"):
            WordMatcher.load(path)


def test_evidence_is_weighed_by_verb_and_apart_for_own_words(matcher: WordMatcher) -> None:
    part, evidence = matcher.parts, CHANCE.normal(size=(3, 12)).astype(np.float32)
    for verb in VERBS:
        for own, place in ((True, VERBS.index(verb)), (False, VERBS.index(verb) + len(VERBS))):
            seen = evidence @ part["weigh_hidden"][place, :12] + part["weigh_hidden_bias"][place]
            active = 0.5 * seen * (1 + np.tanh(np.sqrt(2 / np.pi) * (seen + 0.044715 * seen**3)))
            wanted = active @ part["weigh_hidden_out"][place] + evidence @ part["weigh_direct"][place, :12]
            told = matcher.weigh(weighed_place(verb, own=own), evidence)
            assert told == pytest.approx(wanted + part["weigh_bias"][place], abs=1e-4)


def test_the_labels_of_the_probe_stand_unchanged_in_front(matcher: WordMatcher) -> None:
    probe = by_chance(("asks", "asks pin"), (16, 20), 3, "b" * 64)
    both = LineProbe(probe, matcher, PLACES, ANSWERS)
    told = both.probabilities(LINE, [SHORT, LONG])
    assert both.labels == ("asks", "asks pin", *PLACES, *ANSWERS)
    assert (both.layers, both.model_sha256) == (probe.layers, probe.model_sha256)
    assert told[:2] == probe.probabilities(LINE)
    scores = matcher.scores(seen(matcher), matcher.described([features(SHORT), features(LONG)]))
    assert told[2:] == pytest.approx(1 / (1 + np.exp(-scores[[1, 0], [0, 3]])), abs=1e-4)


def test_what_questions_tell_of_a_line_comes_after_all_lines(matcher: WordMatcher) -> None:
    both = LineProbe(by_chance((), (16, 20), 3, "b" * 64), matcher, PLACES, ANSWERS)
    questions = both.matcher.questions([SHORT, LONG])
    told = both.answered(both.in_basis(LINE), questions)
    assert len(both.probabilities(LINE, [SHORT, LONG])) + len(told) == len(both.labels)
    scores = matcher.scores(seen(matcher), questions, question=True)
    assert told == pytest.approx([1 / (1 + np.exp(-scores[1, 4]))], abs=1e-4)
    assert LineProbe(by_chance((), (16, 20), 3), matcher, PLACES, {}).answered(seen(matcher), questions) == ()


def test_descriptions_alone_are_told_without_a_probe(matcher: WordMatcher) -> None:
    probe = by_chance(("asks",), (16, 20), 3, "b" * 64)
    both, alone = LineProbe(probe, matcher, PLACES, ANSWERS), LineProbe(None, matcher, PLACES, ANSWERS)
    assert alone.labels == both.labels[1:]
    assert alone.probabilities(LINE, [SHORT, LONG]) == both.probabilities(LINE, [SHORT, LONG])[1:]
    assert alone.sha256 != both.sha256


def test_a_speaker_without_own_labels_has_those_of_the_probe(matcher: WordMatcher) -> None:
    probe = by_chance(("asks",), (16, 20), 3, "b" * 64)
    assert LineProbe(probe, matcher, {}, {}).probabilities(LINE, [SHORT]) == probe.probabilities(LINE)


def test_it_is_another_one_with_another_probe_or_matcher(matcher: WordMatcher) -> None:
    probe = by_chance(("asks",), (16, 20), 3, "b" * 64)
    made = [(replace(probe, sha256=one), replace(matcher, sha256=other)) for one, other in ("ab", "ac", "db")]
    assert len({LineProbe(one, other, PLACES, ANSWERS).sha256 for one, other in made}) == 3


def test_descriptions_are_made_ready_once_a_call(matcher: WordMatcher, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def described(self: WordMatcher, descriptions: Sequence[LineFeatures]) -> Descriptions:
        counted.append(len(descriptions))
        return made(self, descriptions)

    made = WordMatcher.described
    monkeypatch.setattr(WordMatcher, "described", described)
    probe = LineProbe(by_chance(("asks",), (16, 20), 3, "b" * 64), matcher, PLACES, ANSWERS)
    call, another = [SHORT, LONG], [LONG, SHORT]
    first = [probe.probabilities(line, call) for line in (LINE, LONG, LINE)]
    assert counted == [2]
    turned = probe.probabilities(LINE, another)
    assert counted == [2, 2]
    assert first[0] == first[2] != turned


def test_states_that_are_no_numbers_tell_nothing(matcher: WordMatcher) -> None:
    probe = LineProbe(by_chance((), (16, 20), 3, "b" * 64), matcher, PLACES, ANSWERS)
    with np.errstate(all="ignore"), pytest.raises(EngineError, match="gave no numbers"):
        probe.probabilities(np.full_like(LINE, np.nan), [SHORT, LONG])
