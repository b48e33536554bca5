"""An adapter is learned together with the network that reads it, and a stopped training makes the very same steps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.small import PLAN, calls, model, told

from ausweis.engines.probe import features
from ausweis.errors import InputError
from ausweis.training.adapter import AdapterLearner, features_of

pytestmark = pytest.mark.training


def test_all_learn_and_what_lies_below_does_not(tmp_path: Path) -> None:
    learner = AdapterLearner(model(), told(tmp_path), replace(PLAN, rounds=8))
    learner.learn()
    assert learner.left_out[-1] < learner.left_out[0]
    adapter, networks = learner.parts()
    assert {name.split(".")[1] for name in adapter} == {"2", "3", "4"}
    assert all(np.abs(part).max() > 0 for one in (adapter, *networks) for part in one.values())
    assert [score.shape for score in learner.scores()] == [(3, len(told(tmp_path).labels))] * 4


def test_a_stopped_training_makes_the_very_same_steps(tmp_path: Path) -> None:
    whole = AdapterLearner(model(), told(tmp_path), PLAN)
    whole.learn()
    kept = tmp_path / "kept.pt"
    stopped = AdapterLearner(model(), told(tmp_path), PLAN)

    def stop() -> None:
        if len(stopped.losses) == 4:
            stopped.keep(kept)
        if len(stopped.losses) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.learn(stop)
    again = AdapterLearner(model(), told(tmp_path), PLAN, kept)
    assert len(again.losses) == 4 < whole.steps
    again.learn()
    assert again.losses == whole.losses
    assert again.left_out == whole.left_out
    (adapter, networks), (wanted, others) = again.parts(), whole.parts()
    for one, other in zip([adapter, *networks], [wanted, *others], strict=True):
        assert all((one[name] == other[name]).all() for name in one)
    # One that has ended has nothing more to do.
    again.keep(kept)
    ended = AdapterLearner(model(), told(tmp_path), PLAN, kept)
    ended.learn(on_step=pytest.fail)
    assert ended.losses == whole.losses


def test_it_stops_where_rounds_get_no_better_and_takes_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = AdapterLearner(model(), told(tmp_path, calls(8)), replace(PLAN, rounds=6))
    losses = iter([0.5, 0.4, 0.6, 0.7])
    monkeypatch.setattr(learner, "_left_out_loss", lambda: next(losses))
    after: list[dict[str, np.ndarray]] = []
    learner.learn(on_round=lambda: after.append(learner.parts()[0]))
    assert learner.left_out == [0.5, 0.4, 0.6, 0.7]
    best, _ = learner.parts()
    assert all((best[name] == after[1][name]).all() for name in best)
    assert any((best[name] != after[3][name]).any() for name in best)


def test_what_is_kept_and_broken_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "kept.pt").write_bytes(b"nothing")
    with pytest.raises(InputError, match="is broken: remove it"):
        AdapterLearner(model(), told(tmp_path, calls(8)), PLAN, tmp_path / "kept.pt")


def test_features_are_those_of_the_probe() -> None:
    states = np.random.default_rng(1).normal(size=(9, 2, 5)).astype(np.float32)
    tokens, owner, lines = features_of(torch.tensor(states), [2, 3, 4])
    wanted = [features(part) for part in np.split(states, [2, 5])]
    assert owner.tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 2]
    assert tokens.numpy() == pytest.approx(np.concatenate([line.tokens for line in wanted]), abs=1e-6)
    assert lines.numpy() == pytest.approx(np.stack([line.line for line in wanted]), abs=1e-6)


def test_a_learning_without_numbers_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = AdapterLearner(model(), told(tmp_path, calls(8)), replace(PLAN, rounds=2))
    monkeypatch.setattr(learner, "_left_out_loss", lambda: float("nan"))
    with pytest.raises(InputError, match="at a smaller --rate"):
        learner.learn()
