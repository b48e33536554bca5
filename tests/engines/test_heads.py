"""Heads: files of numbers, what is broken in them, and what each kind tells."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tests.probes import answers_by_chance, by_chance, matcher_by_chance, ngrams_of_words, words_by_chance

from ausweis.engines.heads import (
    AnswerProbe,
    LearnedFile,
    Ngrams,
    Probe,
    answer_features,
    features,
    log_odds,
    ngrams_of,
    probability_of,
)
from ausweis.engines.protocol import Message, Transcript
from ausweis.errors import EngineError, PromptError

# Files of all kinds.


LAYERS = (16, 20)
PARTS: dict[str, LearnedFile] = {
    "probe": by_chance(("asks",), LAYERS, 3),
    "answers": answers_by_chance(("for another",), LAYERS, 6),
    "matcher": matcher_by_chance(LAYERS, 3),
    "words": words_by_chance(LAYERS, 3),
    "ngrams": ngrams_of_words("asks", "wie"),
}


@pytest.mark.parametrize("kind", PARTS)
def test_what_is_broken_is_no_learned_part(tmp_path: Path, kind: str) -> None:
    path, part = tmp_path / "part.safetensors", PARTS[kind]
    part.save(path)
    whole = path.read_bytes()
    for broken in (b"", whole[:7], whole[:40], whole[:-5], whole.replace(b'"about"', b'"aloof"')):
        path.write_bytes(broken)
        with pytest.raises(
            PromptError, match=r"part\.safetensors: is no learned part, or a broken one: train it again"
        ):
            type(part).load(path)
    path.unlink()
    with pytest.raises(PromptError, match="is no learned part, or a broken one"):
        type(part).load(path)


@pytest.mark.parametrize("kind", PARTS)
def test_another_kind_of_part(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "part.safetensors"
    other = "answers" if kind == "ngrams" else "ngrams"
    PARTS[other].save(path)
    with pytest.raises(PromptError, match="is no learned part of this kind: train it again"):
        type(PARTS[kind]).load(path)


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file may take its place meanwhile: hash, numbers and words are of one."""
    path, part = tmp_path / "part.safetensors", PARTS["probe"]
    replace(part, notes="of before").save(path)
    data = path.read_bytes()
    replace(part, notes="of today").save(path)
    monkeypatch.setattr("ausweis.engines.heads.read_bytes", lambda _: data)
    assert type(part).load(path).notes == "of before"


# Probes.


LABELS = ("asks", "asks pin", "accepts")
STATES = np.random.default_rng(2).normal(size=(4, 2, 3)).astype(np.float32)
"""Four tokens, two layers of width 3."""


@pytest.fixture
def probe() -> Probe:
    return by_chance(LABELS, (16, 20), 3, "b" * 64)


def test_what_is_saved_is_loaded_again(tmp_path: Path, probe: Probe) -> None:
    path = tmp_path / "1.tiny.safetensors"
    probe.save(path)
    loaded = Probe.load(path)
    assert (loaded.labels, loaded.template, loaded.model_sha256) == (LABELS, "weather@1", "b" * 64)
    assert loaded.layers == (16, 20)
    assert loaded.probabilities(STATES) == probe.probabilities(STATES)
    probe.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_features_are_of_length_one() -> None:
    seen = features(STATES)
    assert (seen.tokens.shape, seen.line.shape) == ((4, 6), (12,))
    assert np.linalg.norm(seen.tokens.reshape(4, 2, 3), axis=-1) == pytest.approx(1)
    last, mean = seen.line.reshape(2, 2, 3)
    assert last == pytest.approx(STATES[-1] / np.linalg.norm(STATES[-1], axis=-1, keepdims=True))
    whole = STATES.mean(axis=0)
    assert mean == pytest.approx(whole / np.linalg.norm(whole, axis=-1, keepdims=True))
    assert np.isfinite(features(np.zeros((1, 2, 3), np.float32)).tokens).all()


def test_scores_by_plain_arithmetic(probe: Probe) -> None:
    """The same written out, network by network and query by query."""
    seen, part = features(STATES), probe.parts
    tokens = seen.tokens @ part["token_basis"] + part["token_shift"]
    line = seen.line @ part["line_basis"] + part["line_shift"]
    each = []
    for network in range(2):
        hidden = line @ part["line_hidden"][network] + part["hidden_bias"][network]
        score = line @ part["line_label"][network] + part["label_bias"][network]
        for query in range(3):
            looks = np.exp(tokens @ part["query"][network, :, query])
            values = tokens @ part["value"][network, :, query]
            fetched = (looks / looks.sum()) @ values
            hidden = hidden + fetched @ part["pooled_hidden"][network, query]
            score = score + fetched @ part["pooled_label"][network, query]
        active = 0.5 * hidden * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
        each.append(score + active @ part["hidden_label"][network])
    assert probe.scores(seen) == pytest.approx(np.mean(each, axis=0), abs=1e-4)


def test_probabilities_hang_on_the_direction_of_each_state_alone(probe: Probe) -> None:
    assert probe.probabilities(STATES * 7) == probe.probabilities(STATES)
    assert probe.probabilities(STATES) == pytest.approx(1 / (1 + np.exp(-probe.scores(features(STATES)))), abs=1e-4)


def test_a_second_thing_said_is_seen_beside_the_first(probe: Probe) -> None:
    """A token that a query looks at counts wherever it stands in the line."""
    turned = np.concatenate([STATES[[1, 0, 2]], STATES[3:]])
    assert probe.probabilities(turned) == pytest.approx(probe.probabilities(STATES), abs=2e-4)


def test_some_of_the_labels(probe: Probe) -> None:
    (second,) = probe.only(["asks pin"]).probabilities(STATES)
    assert second == probe.probabilities(STATES)[1]


def test_a_broken_file(tmp_path: Path, probe: Probe) -> None:
    path = tmp_path / "1.tiny.safetensors"
    probe.save(path)
    whole = path.read_bytes()
    for broken in (b"", whole[:40], whole[:-5], b"x" * 200):
        path.write_bytes(broken)
        with pytest.raises(PromptError, match=r"1\.tiny\.safetensors: is no learned part, or a broken one"):
            Probe.load(path)


def test_parts_that_do_not_fit_together(tmp_path: Path, probe: Probe) -> None:
    path = tmp_path / "1.tiny.safetensors"
    short = {name: part for name, part in probe.parts.items() if name != "query"}
    narrow = {**probe.parts, "query": probe.parts["query"][:, :-1]}
    for parts in (short, narrow):
        replace(probe, parts=parts).save(path)
        with pytest.raises(PromptError, match="train it again"):
            Probe.load(path)
    replace(probe, labels=LABELS[:2]).save(path)
    with pytest.raises(PromptError, match="train it again"):
        Probe.load(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_states_that_are_no_numbers_tell_nothing(probe: Probe, value: float) -> None:
    with np.errstate(all="ignore"), pytest.raises(EngineError, match="gave no numbers"):
        probe.probabilities(np.where(STATES > 1, value, STATES).astype(np.float32))


@pytest.mark.parametrize("odds", [-30.0, -7.0, -0.1, 0.0, 3.3, 30.0])
def test_a_probability_to_the_last_digit(odds: float) -> None:
    """Verdicts hang on it: it is as it always was."""
    assert probability_of(odds) == 1 / (1 + math.exp(-odds))


def test_a_probability_of_the_most_that_there_is() -> None:
    assert probability_of(-1e9) == pytest.approx(0.0)
    assert probability_of(-math.inf) == pytest.approx(0.0)
    assert probability_of(1e9) == probability_of(math.inf) == 1.0


def test_no_probability_of_no_number() -> None:
    with pytest.raises(EngineError, match="gave no numbers"):
        probability_of(math.nan)


# N-grams.


def test_words_and_pairs_of_words_count_once_each_whatever_their_case() -> None:
    assert len(ngrams_of("Ich ändere das")) == 5
    assert ngrams_of("ICH, ändere ... das!").tolist() == ngrams_of("ich ändere das").tolist()
    assert len(ngrams_of("ja ja ja")) == 2
    assert ngrams_of("…").size == 0
    # The same on every machine and in every version: files hold weights by bucket.
    assert ngrams_of("geändert").tolist() == [3600]


def test_words_are_weighed_with_the_probe() -> None:
    learned = ngrams_of_words("changes", "geändert")
    said = learned.weighed("geändert", {"changes": 0.2, "tells": 0.3})
    assert said["tells"] == 0.3
    assert log_odds(said["changes"]) == pytest.approx(log_odds(0.2) + 4.0 - 2.0, abs=0.01)
    assert learned.weighed("Guten Tag", {"changes": 0.2})["changes"] < 0.2
    alone = replace(learned, parts={**learned.parts, "stacking": np.array([[1.0, 0.0, 0.0]], np.float32)})
    assert alone.weighed("geändert", {"changes": 0.2})["changes"] == 0.2


@pytest.mark.parametrize("text", ["", "…", "1234 5678 91011"])
def test_a_line_without_known_words_is_told_by_what_lines_are_mostly(text: str) -> None:
    learned = ngrams_of_words("changes", "geändert")
    assert learned.scores(text).tolist() == pytest.approx([-2.0])
    assert 0 < learned.weighed(text, {"changes": 1.0})["changes"] < 1


def test_ngrams_that_are_kept_are_read_again_and_hold_no_word(tmp_path: Path) -> None:
    learned = ngrams_of_words("changes", "Kowalczyk")
    learned.save(tmp_path / "ngrams")
    read = Ngrams.load(tmp_path / "ngrams")
    assert read.weighed("Kowalczyk", {"changes": 0.5}) == learned.weighed("Kowalczyk", {"changes": 0.5})
    assert b"owalczyk" not in (tmp_path / "ngrams").read_bytes()
    (tmp_path / "broken").write_bytes(b"nothing")
    with pytest.raises(PromptError, match="train it again"):
        Ngrams.load(tmp_path / "broken")


def test_broken_weights_of_ngrams_are_no_numbers() -> None:
    learned = ngrams_of_words("changes", "geändert")
    broken = replace(learned, parts={**learned.parts, "bias": np.full(1, np.nan, np.float32)})
    with pytest.raises(EngineError, match="no numbers"):
        broken.weighed("geändert", {"changes": 0.2})


# Answers about the call.


LEARNED = answers_by_chance(("for another", "holder"), (1, 2), 12)
ANSWERED = [np.arange(1, 19, dtype=np.float32).reshape(3, 2, 3), np.ones((1, 2, 3), np.float32)]


def test_the_last_token_of_each_question_is_looked_at_whatever_its_scale() -> None:
    seen = answer_features(ANSWERED)
    assert seen.shape == (12,)
    assert np.linalg.norm(seen.reshape(4, 3), axis=1) == pytest.approx([1, 1, 1, 1])
    longer = [np.concatenate([ANSWERED[0][:1] * 9, ANSWERED[0]]), ANSWERED[1] * 5]
    assert answer_features(longer) == pytest.approx(seen)


def test_the_likeliest_line_alone_may_gain() -> None:
    lines = [{"for another": 0.6, "agrees": 0.7}, {"accepts": 0.9}, {"for another": 0.3}]
    first, agent, last = LEARNED.weighed(lines, (0.9, 0.5))
    assert log_odds(first["for another"]) == pytest.approx(log_odds(0.6) + log_odds(0.9), abs=0.01)
    assert (first["agrees"], agent, last) == (0.7, {"accepts": 0.9}, {"for another": 0.3})


def test_of_lines_that_are_as_likely_the_first_gains() -> None:
    first, second = LEARNED.weighed([{"for another": 0.6}, {"for another": 0.6}], (0.9, 0.5))
    assert first["for another"] > 0.6 == second["for another"]


def test_a_line_that_says_nothing_of_it_does_not_gain() -> None:
    assert LEARNED.weighed([{"for another": 0.009}], (0.9999, 0.5)) == [{"for another": 0.009}]


def test_all_lines_may_lose() -> None:
    lines = [{"for another": 0.6}, {"for another": 0.3}]
    for told, before in zip(LEARNED.weighed(lines, (0.1, 0.5)), lines, strict=True):
        assert log_odds(told["for another"]) == pytest.approx(log_odds(before["for another"]) + log_odds(0.1), abs=0.01)


def test_a_label_that_no_line_may_have_changes_nothing() -> None:
    assert LEARNED.weighed([{"accepts": 0.9}], (0.9, 0.9)) == [{"accepts": 0.9}]
    assert LEARNED.weighed([], (0.9, 0.9)) == []


def test_answers_that_are_kept_are_read_again(tmp_path: Path) -> None:
    LEARNED.save(tmp_path / "answers")
    read = AnswerProbe.load(tmp_path / "answers")
    assert read.probabilities(ANSWERED) == LEARNED.probabilities(ANSWERED)
    assert (read.labels, read.layers) == (LEARNED.labels, LEARNED.layers)
    (tmp_path / "broken").write_bytes(b"nothing")
    with pytest.raises(PromptError, match="train it again"):
        AnswerProbe.load(tmp_path / "broken")


def test_broken_weights_of_answers_are_no_numbers() -> None:
    broken = replace(LEARNED, parts={**LEARNED.parts, "bias": np.full(2, np.nan, np.float32)})
    with pytest.raises(EngineError, match="no numbers"):
        broken.probabilities(ANSWERED)


ASKED = (Message(role="user", content="For whom?"), Message(role="assistant", content="For"))
PLAIN = Transcript(
    messages=(Message(role="user", content="agent: Hi."),),
    rows=("agent: Hi.",),
    probes=(by_chance(("greets",), (1, 2), 3),),
    template="weather@1",
)


def test_answers_about_a_call_hang_on_the_questions_and_those_about_rows_do_not() -> None:
    asking = PLAIN.model_copy(update={"about": (ASKED,), "answer_probe": LEARNED})
    (row,) = PLAIN.keys("5" * 64)
    first, call = asking.keys("5" * 64)
    assert first == row
    other = asking.model_copy(update={"about": (ASKED, ASKED)}).keys("5" * 64)
    learned_anew = asking.model_copy(update={"answer_probe": replace(LEARNED, sha256="7" * 64)}).keys("5" * 64)
    longer = asking.model_copy(update={"messages": (Message(role="user", content="agent: Hi. Who?"),)}).keys("5" * 64)
    assert len({call, other[1], learned_anew[1], longer[1]}) == 4
    assert asking.all_probes == (*PLAIN.probes, LEARNED)
    assert asking.templates == ("weather@1", "weather@1")


ABOUT = {"about": (ASKED,), "answer_probe": LEARNED}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"about": (ASKED,)}, "go together"),
        ({"answer_probe": LEARNED}, "go together"),
        ({**ABOUT, "answer_probe": replace(LEARNED, layers=(1, 3))}, "all read the same layers"),
        ({**ABOUT, "probes": ()}, "where rows have probes"),
    ],
)
def test_questions_about_a_call_go_with_what_reads_them(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Transcript(**{"messages": PLAIN.messages, "rows": PLAIN.rows, "probes": PLAIN.probes, **given})
