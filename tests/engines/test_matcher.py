"""A matcher compares a line with a description; what it says is arithmetic that can be written out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.probes import by_chance, matcher_by_chance

from ausweis.engines.matcher import LineProbe, Matcher
from ausweis.engines.probe import features
from ausweis.errors import PromptError

CHANCE = np.random.default_rng(3)
LINE, OTHER = (CHANCE.normal(size=(tokens, 2, 3)).astype(np.float32) for tokens in (4, 7))
"""Tokens, two layers of width 3."""


@pytest.fixture
def matcher() -> Matcher:
    return matcher_by_chance((16, 20), 3, "b" * 64)


def test_what_is_saved_is_loaded_again(tmp_path: Path, matcher: Matcher) -> None:
    path = tmp_path / "1.tiny.matcher.safetensors"
    matcher.save(path)
    loaded = Matcher.load(path)
    assert (loaded.layers, loaded.template, loaded.model_sha256, loaded.notes) == (
        (16, 20),
        "weather@1",
        "b" * 64,
        "{}",
    )
    assert loaded.score(features(LINE), features(OTHER)) == matcher.score(features(LINE), features(OTHER))
    assert len(loaded.sha256) == 64


def test_scores_by_plain_arithmetic(matcher: Matcher) -> None:
    """The same written out, network by network and token by token."""
    part = matcher.parts
    one, other = features(LINE), features(OTHER)
    tokens, described = one.tokens @ part["token_basis"], other.tokens @ part["token_basis"]
    tokens, described = tokens + part["token_shift"], described + part["described_token_shift"]
    line = one.line @ part["line_basis"] + part["line_shift"]
    whole = other.line @ part["line_basis"] + part["described_line_shift"]

    def likeness(x: np.ndarray, y: np.ndarray) -> float:
        return float(x @ y / np.sqrt((x @ x + 1e-6) * (y @ y + 1e-6)))

    each = []
    for m in range(2):
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
        seen = np.concatenate([near * 4, line @ part["line_hidden"][m]]) @ part["hidden"][m]
        active = 0.5 * seen * (1 + np.tanh(np.sqrt(2 / np.pi) * (seen + 0.044715 * seen**3)))
        each.append(
            near @ part["nearness"][m] + active @ part["hidden_out"][m] + line @ part["line"][m] + part["bias"][m]
        )
    assert matcher.score(one, other) == pytest.approx(np.mean(each), abs=1e-4)


def test_labels_and_descriptions_are_told_at_once(matcher: Matcher) -> None:
    probe = by_chance(("rude", "kind"), (16, 20), 3, "b" * 64)
    both = LineProbe(probe, matcher, ("first", "second"))
    told = both.probabilities(LINE, [OTHER, LINE])
    assert both.labels == ("rude", "kind", "first", "second")
    assert told[:2] == probe.probabilities(LINE)
    scores = [matcher.score(features(LINE), features(one)) for one in (OTHER, LINE)]
    assert told[2:] == pytest.approx(1 / (1 + np.exp(-np.array(scores))), abs=1e-4)
    alone = LineProbe(None, matcher, ("first",))
    assert (alone.labels, alone.probabilities(LINE, [OTHER])) == (("first",), told[2:3])
    assert alone.sha256 != both.sha256


def test_a_broken_file(tmp_path: Path, matcher: Matcher) -> None:
    path = tmp_path / "1.tiny.matcher.safetensors"
    by_chance(("x",), (1,), 2).save(path)
    with pytest.raises(PromptError, match="train it again"):
        Matcher.load(path)
    replace(matcher, parts={**matcher.parts, "of_line": matcher.parts["of_line"][:, :-1]}).save(path)
    with pytest.raises(PromptError, match="train it again"):
        Matcher.load(path)
