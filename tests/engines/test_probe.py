import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.probes import by_chance

from ausweis.engines.probe import Probe, features, probability_of
from ausweis.errors import EngineError, PromptError

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
