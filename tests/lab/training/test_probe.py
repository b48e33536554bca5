import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evals.lab.training.learning import Bound
from evals.lab.training.left_out import left_out_cases
from evals.lab.training.lines import KeptLines, Lines, layers_of
from evals.lab.training.network import CallNumbers, Plan, learn_network, scores_of
from evals.lab.training.probe import Start, learn, left_out_scores, networks_without, prepare
from evals.lab.training.tasks import FACT_TASK, labels_in, labels_of
from numpy.typing import NDArray
from tests.evals.cases import labelled
from tests.probes import by_chance

from ausweis.engines.heads import LineFeatures
from ausweis.evals.labelled import GoldEvent, LabelledCall
from ausweis.prompts import default_library
from ausweis.reading.chunks import Chunk
from ausweis.reading.dialogue import EVIDENCE
from ausweis.reading.questions import STARTS_LATE

pytestmark = pytest.mark.training
WIDTH = 12
"""Features of a token: the first three tell what is asked or given, the others are noise."""
FACTORS = ("name", "pin", "password")
TEMPLATE = default_library().get("transcript")
BOUND = Bound(TEMPLATE, "1" * 64, (10, 20), "made up")
SMALL = Plan(token_dimensions=8, line_dimensions=12, queries=4, fetched=4, hidden=16, dropout=0.1, rounds=12, rate=1e-2)


def made(calls: int, seed: int = 3) -> list[Lines]:
    """Calls in which the agent asks for two factors and the caller gives them, each in one token among several."""
    chance = np.random.default_rng(seed)
    found = []
    for number in range(calls):
        chunks: list[Chunk] = []
        seen: list[LineFeatures] = []
        labels: list[frozenset[str] | None] = []
        for place in range(4):
            factors = chance.choice(3, size=place % 3, replace=False)
            for speaker, verb in (("agent", "asks"), ("caller", "gives")):
                tokens = chance.normal(scale=0.4, size=(8, WIDTH))
                for spot, factor in zip(chance.choice(8, size=len(factors), replace=False), factors, strict=True):
                    tokens[spot, factor] += 4
                if place == 0 and speaker == "agent" and number % 4 == 0:
                    tokens[:, 3] += 2
                tokens[:, 4] += 3 if speaker == "agent" else -3
                chunks.append(Chunk(len(chunks) + 1, speaker, "x"))
                seen.append(LineFeatures(tokens.astype(np.float32), np.tile(tokens.mean(axis=0), 2).astype(np.float32)))
                line = {f"{verb} {FACTORS[factor]}" for factor in factors} | ({verb} if len(factors) else set())
                labels.append(frozenset(line | ({STARTS_LATE} if place == 0 and number % 4 == 0 else set())))
        found.append(Lines(chunks, seen, labels, str(number)))
    return found


def left_out_of(calls: Sequence[CallNumbers], plan: Plan, groups: Sequence[str]) -> list[NDArray[np.float32]]:
    return left_out_scores(networks_without(calls, plan, groups), calls, plan)


def test_a_probe_learns_what_the_states_tell() -> None:
    probe, _ = learn(made(120), BOUND, SMALL, FACT_TASK)
    assert (probe.template, probe.model_sha256, probe.layers) == (TEMPLATE.name, "1" * 64, (10, 20))
    wanted = {f"{v}{f}" for v in ("asks", "gives") for f in ("", " name", " pin", " password")}
    assert set(probe.labels) == {*wanted, STARTS_LATE}
    assert len(probe.dialogue) == len(EVIDENCE) + 1
    assert json.loads(probe.notes)["calls"] == 120
    right = wrong = 0
    for one in made(40, seed=8):
        for chunk, seen, truth in zip(one.chunks, one.seen, one.labels, strict=True):
            told = dict(zip(probe.labels, probe.scores(seen) > 0, strict=True))
            for label in ("asks pin", "asks name") if chunk.speaker == "agent" else ("gives pin", "gives name"):
                right += told[label] == (label in (truth or ()))
                wrong += told[label] != (label in (truth or ()))
    assert right / (right + wrong) > 0.9


def test_a_probe_goes_on_learning() -> None:
    """It keeps what it knows, learns a label that is new to it, and no fold sees the group that is left out."""
    start, _ = learn(made(60), BOUND, SMALL, FACT_TASK)
    new = [
        one._replace(
            group=str(number % 6),
            labels=[line | {"accepts"} if line and "asks" in line else line for line in one.labels],
        )
        for number, one in enumerate(made(60, seed=5))
    ]
    short = replace(SMALL, rounds=6)
    again, found = learn(new, BOUND, short, FACT_TASK, Start(start, made(20)))
    assert set(again.labels) == {*start.labels, "accepts"}
    assert again.parts["token_basis"] == pytest.approx(start.parts["token_basis"])
    assert len(found.answers) == len(new)
    assert json.loads(again.notes)["calls"] == 60
    right = [
        (score > 0) == (label in (truth or ()))
        for one in made(20, seed=9)
        for chunk, seen, truth in zip(one.chunks, one.seen, one.labels, strict=True)
        for label, score in zip(again.labels, again.scores(seen), strict=True)
        if label in ("asks pin", "asks name") and chunk.speaker == "agent"
    ]
    assert np.mean(right) > 0.85


def test_a_probe_goes_half_the_way() -> None:
    """Between what it was and what it learns; a label that is new to it is learned whole."""
    start, _ = learn(made(20), BOUND, SMALL, FACT_TASK)
    new = [
        one._replace(group=str(number % 6), labels=[(line or frozenset()) | {"accepts"} for line in one.labels])
        for number, one in enumerate(made(20, seed=5))
    ]
    short = replace(SMALL, rounds=2)
    whole, half = (learn(new, BOUND, short, FACT_TASK, Start(start, made(20), share))[0] for share in (1.0, 0.5))
    assert half.parts["query"] == pytest.approx((whole.parts["query"] + start.parts["query"]) / 2, abs=1e-5)
    names, accepts = [list(probe.labels) for probe in (start, whole)], whole.labels.index("accepts")
    bias = [probe.parts["label_bias"] for probe in (start, whole, half)]
    name = names[1].index("gives name")
    middle = (bias[0][:, names[0].index("gives name")] + bias[1][:, name]) / 2
    assert bias[2][:, name] == pytest.approx(middle, abs=1e-4)
    assert bias[2][:, accepts] == pytest.approx(bias[1][:, accepts], abs=1e-4)
    assert len(half.dialogue) == len(start.dialogue)


def test_calls_of_one_single_pass_are_left_out_one_by_one() -> None:
    learned = prepare(made(10), TEMPLATE, SMALL, FACT_TASK)
    scores = left_out_of(learned.numbers, replace(SMALL, rounds=1), ["one"] * 10)
    assert [score.shape for score in scores] == [(8, len(learned.labels))] * 10


def test_verdicts_on_left_out_calls() -> None:
    """Answers that are the label's give the label's verdict."""
    call = labelled(
        "a",
        "A: Ihre PIN? << asks pin",
        "C: Wendt, eins zwei drei vier. << gives name; gives pin",
        "A: Ihr Vertrag läuft bis Mai. << discloses contract_data",
    )
    labels = ("asks", "asks pin", "gives", "gives name", "gives pin", "tells", "tells contract data", STARTS_LATE)
    truth = [labels_of(call.gold.events, turn) for turn in (1, 2, 3)]
    right = [{label: float(label in (one or ())) for label in labels} for one in truth]
    (case,) = left_out_cases([call], [right])
    assert (case.gold.outcome, case.told and case.told.outcome) == ("compliant", "compliant")
    no_pin = [right[0], {**right[1], "gives pin": 0.0}, right[2]]
    (case,) = left_out_cases([call], [no_pin])
    assert case.says_violation


def test_what_is_shipped_scores_as_what_was_learned() -> None:
    """The networks in the probe, by numpy, give the numbers that they gave when they were learned, by PyTorch."""
    learned = prepare(made(30), TEMPLATE, SMALL, FACT_TASK)
    network = learn_network(learned.numbers, SMALL)
    (first, *_) = scores_of(network, learned.numbers, SMALL)
    parts = {**vars(learned.basis), **{name: part[None] for name, part in network.items()}}
    shipped = replace(by_chance(learned.labels, (10, 20), 6), parts=parts)
    again = [shipped.scores(seen) for seen in made(30)[0].seen]
    # Learning keeps what comes in at half precision.
    assert np.array(again) == pytest.approx(first, abs=0.02)


def test_the_same_calls_give_the_same_probe() -> None:
    one, other = (learn_network(prepare(made(12), TEMPLATE, SMALL, FACT_TASK).numbers, SMALL) for _ in range(2))
    assert all((one[name] == other[name]).all() for name in one)


def test_no_line_is_scored_by_weights_that_saw_its_call() -> None:
    """Calls of fold 1 have wrong labels: what is learned without them tells the right ones."""
    learned = prepare(made(100), TEMPLATE, SMALL, FACT_TASK)
    place = learned.labels.index("asks")
    turned = [
        replace(one, labels=1 - one.labels) if number % 5 == 1 else one for number, one in enumerate(learned.numbers)
    ]
    scores = left_out_of(turned, SMALL, learned.groups)
    right = []
    for number in range(1, 100, 5):
        known = learned.numbers[number].counts[:, place] > 0
        right += ((scores[number][:, place] > 0) == (learned.numbers[number].labels[:, place] > 0))[known].tolist()
    assert np.mean(right) > 0.8


def test_what_is_not_known_of_a_line_does_not_count() -> None:
    calls = made(12)
    calls[0].labels[1] = None
    learned = prepare(calls, TEMPLATE, SMALL, FACT_TASK)
    assert learned.numbers[0].counts[1].sum() == 0
    late = learned.labels.index(STARTS_LATE)
    assert [one.counts[:, late].tolist() for one in learned.numbers[:2]] == [[1, 0, 0, 0, 0, 0, 0, 0]] * 2
    assert np.isfinite(learn_network(learned.numbers, SMALL)["query"]).all()


def test_kept_states_are_read_again(tmp_path: Path) -> None:
    turns = [{"speaker": "agent", "text": "Guten Tag."}, {"speaker": "caller", "text": "Wendt. " * 80}]
    events = [{"turn": 2, "kind": "gives", "subject": "name"}]
    gold = {"policy": "bank-en", "outcome": "inconclusive", "defects": ["starts_late"], "events": events}
    one = LabelledCall.model_validate({"call": {"id": "a", "language": "de", "turns": turns}, "gold": gold})
    lengths = [2, 3, 4]
    states = np.arange(9 * 2 * 3, dtype=np.float16).reshape(9, 2, 3)
    np.savez(tmp_path / "a.npz", states=states, lengths=lengths)
    (lines,) = KeptLines([(one, tmp_path / "a.npz")], FACT_TASK)
    assert [len(line.tokens) for line in lines.seen] == lengths
    assert lines.labels == [{STARTS_LATE}, None, None]


def test_labels_of_a_turn() -> None:
    events = [
        GoldEvent(turn=2, kind="gives", subject="pin"),
        GoldEvent(turn=3, kind="rejects", subject="pin"),
        GoldEvent(turn=3, kind="asks", subject="pin"),
        GoldEvent(turn=4, kind="changes", subject="credential_change"),
    ]
    assert labels_of(events, 1) == frozenset()
    assert labels_of(events, 2) == frozenset({"gives", "gives pin"})
    assert labels_of(events, 3) == frozenset({"rejects", "asks", "asks pin"})
    assert labels_of(events, 4) == frozenset({"changes", "changes credentials"})


def test_a_label_that_hardly_occurs_is_not_learned() -> None:
    found = [frozenset({"gives", "gives pin"})] * 3 + [frozenset({"gives", "gives email"})] * 2
    assert labels_in([*found, None], TEMPLATE) == ("gives", "gives pin")


def test_layers_in_the_middle() -> None:
    assert layers_of(28) == (12, 16, 20)
    assert layers_of(24) == (10, 14, 17)


def test_a_group_is_left_out_together_wherever_its_calls_stand() -> None:
    """Groups of fold 1 have wrong labels, as above; their two calls stand fifty apart."""
    learned = prepare(made(100), TEMPLATE, SMALL, FACT_TASK)
    groups = [str(place % 50) for place in range(100)]
    fold = {group: place % 5 for place, group in enumerate(dict.fromkeys(groups))}
    place = learned.labels.index("asks")
    turned = [
        replace(one, labels=1 - one.labels) if fold[group] == 1 else one
        for one, group in zip(learned.numbers, groups, strict=True)
    ]
    scores = left_out_of(turned, SMALL, groups)
    right = []
    for number in (at for at, group in enumerate(groups) if fold[group] == 1):
        known = learned.numbers[number].counts[:, place] > 0
        right += ((scores[number][:, place] > 0) == (learned.numbers[number].labels[:, place] > 0))[known].tolist()
    assert np.mean(right) > 0.7


def test_labels_that_nothing_is_known_of_in_a_call_do_not_count() -> None:
    calls = made(12)
    calls[0] = calls[0]._replace(known=frozenset({"asks"}))
    learned = prepare(calls, TEMPLATE, SMALL, FACT_TASK)
    assert learned.numbers[0].counts.sum(axis=0)[learned.labels.index("asks")] > 0
    assert learned.numbers[0].counts.sum(axis=0)[learned.labels.index("gives")] == 0
