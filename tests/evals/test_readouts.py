import json

import numpy as np
import pytest

from ausweis.evals.labelled import GoldEvent
from ausweis.evals.readouts import Lines, fit, labels_in, labels_of, layers_of, learn, left_out
from ausweis.prompts import default_library
from ausweis.reading.dialogue import EVIDENCE
from ausweis.reading.pieces import Piece

WIDTH = 12
"""Features: the first three tell what is asked or given, the others are noise."""
FACTORS = ("name", "pin", "password")


def made(calls: int) -> list[Lines]:
    """Calls in which the agent asks for a factor and the caller gives it."""
    chance = np.random.default_rng(3)
    found = []
    for _ in range(calls):
        pieces: list[Piece] = []
        values, labels = [], []
        for place in range(3):
            factor = int(chance.integers(3))
            for speaker, verb in (("agent", "asks"), ("caller", "gives")):
                state = chance.normal(scale=0.4, size=WIDTH)
                state[factor] += 2
                pieces.append(Piece(len(pieces) + 1, speaker, "x"))
                values.append(state)
                labels.append(frozenset({verb, f"{verb} {FACTORS[factor]}"}))
            if place == 0:
                for speaker in ("agent", "caller"):
                    pieces.append(Piece(len(pieces) + 1, speaker, "hm"))
                    values.append(chance.normal(scale=0.4, size=WIDTH))
                    labels.append(frozenset())
        found.append(Lines(pieces, np.array(values, dtype=np.float32), list(labels)))
    return found


def test_a_readout_learns_what_the_states_tell() -> None:
    template = default_library().get("transcript")
    readout = learn(made(60), template, "1" * 64, (10, 20), "made up")
    assert (readout.template, readout.model_sha256) == (template.name, "1" * 64)
    assert readout.layers == (10, 20)
    assert set(readout.labels) == {f"{v}{f}" for v in ("asks", "gives") for f in ("", " name", " pin", " password")}
    assert len(readout.dialogue) == len(EVIDENCE) + 1
    assert json.loads(readout.notes)["calls"] == 60
    scores = np.array([line for one in made(80)[60:] for line in one.values]) @ readout.weights.T + readout.bias
    truth = np.array(
        [[label in (line or ()) for label in readout.labels] for one in made(80)[60:] for line in one.labels]
    )
    place = readout.labels.index("gives pin")
    given = truth[:, readout.labels.index("gives")]
    assert ((scores[given, place] > 0) == truth[given, place]).mean() > 0.9


def test_the_fit_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    from ausweis.evals import readouts

    chance = np.random.default_rng(0)
    values = chance.normal(size=(300, 5)).astype(np.float32)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    truth = (values[:, :2] + chance.normal(size=(300, 2)) > 0.5).astype(np.float32)
    weights, bias = fit(values, truth)
    for place in range(2):
        model = LogisticRegression(C=readouts.STRENGTH, tol=1e-8, max_iter=1000).fit(values, truth[:, place])
        assert weights[:, place] == pytest.approx(model.coef_[0], abs=2e-3)
        assert bias[place] == pytest.approx(model.intercept_[0], abs=2e-3)


def test_no_line_is_scored_by_weights_that_saw_its_call() -> None:
    """Calls of fold 1 have wrong labels: what is learned without them tells the right ones."""
    chance = np.random.default_rng(1)
    values = chance.normal(size=(500, 3)).astype(np.float32)
    folds = np.arange(500) % 5
    truth = (values[:, :1] > 0).astype(np.float32)
    truth[folds == 1] = 1 - truth[folds == 1]
    known = np.ones(500, dtype=np.bool_)
    scores = left_out(values, truth, known, folds)
    right = (scores[:, 0] > 0) == (truth[:, 0] > 0)
    assert right[folds == 1].mean() < 0.1
    known[folds == 0] = False
    assert np.isfinite(left_out(values, truth, known, folds)).all()


def test_labels_of_a_turn() -> None:
    events = [
        GoldEvent(turn=2, kind="gives", subject="pin"),
        GoldEvent(turn=3, kind="rejects", subject="pin"),
        GoldEvent(turn=3, kind="asks", subject="pin"),
        GoldEvent(turn=4, kind="changes", subject="credential_change"),
    ]
    assert labels_of(events, 1) == frozenset()
    assert labels_of(events, 2) == {"gives", "gives pin"}
    assert labels_of(events, 3) == {"rejects", "asks", "asks pin"}
    assert labels_of(events, 4) == {"changes", "changes credentials"}


def test_a_label_that_hardly_occurs_is_not_learned() -> None:
    found = [frozenset({"gives", "gives pin"})] * 3 + [frozenset({"gives", "gives email"})] * 2
    assert labels_in(found, default_library().get("transcript"), "caller") == ["gives", "gives pin"]


def test_layers_in_the_middle() -> None:
    assert layers_of(28) == (16, 20)
    assert layers_of(24) == (14, 17)
