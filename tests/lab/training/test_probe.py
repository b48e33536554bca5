"""A probe learns what the states of lines tell, goes on from another, and is judged by calls that it has not seen."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from evals.lab.training.calls import FACT_TASK, Lines, labels_of
from evals.lab.training.networks import CallNumbers, Plan, learn_network, scores_of
from evals.lab.training.options import Bound
from evals.lab.training.probe import (
    Learned,
    LeftOut,
    Start,
    learn,
    left_out_scores,
    networks_without,
    prepare,
)
from evals.lab.training.showing import LONG, left_out_cases, show_incidents
from numpy.typing import NDArray
from tests.evals.cases import labelled
from tests.probes import by_chance

from ausweis.engines.heads import LineFeatures
from ausweis.prompts import default_library
from ausweis.reading.chunks import Chunk
from ausweis.reading.evidence import EVIDENCE, weighed
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
    parts = {**learned.basis, **{name: part[None] for name, part in network.items()}}
    shipped = replace(by_chance(learned.labels, (10, 20), 6), parts=parts)
    again = [shipped.scores(seen) for seen in made(30)[0].seen]
    # Learning keeps what comes in at half precision.
    assert np.array(again) == pytest.approx(first, abs=0.02)


def test_the_same_calls_give_the_same_probe() -> None:
    one, other = (learn_network(prepare(made(12), TEMPLATE, SMALL, FACT_TASK).numbers, SMALL) for _ in range(2))
    assert all((one[name] == other[name]).all() for name in one)


def test_what_is_not_known_of_a_line_does_not_count() -> None:
    calls = made(12)
    calls[0].labels[1] = None
    calls[2] = calls[2]._replace(known=frozenset({"asks"}))
    learned = prepare(calls, TEMPLATE, SMALL, FACT_TASK)
    assert learned.numbers[0].counts[1].sum() == 0
    late = learned.labels.index(STARTS_LATE)
    assert [one.counts[:, late].tolist() for one in learned.numbers[:2]] == [[1, 0, 0, 0, 0, 0, 0, 0]] * 2
    asks, gives = (learned.numbers[2].counts.sum(axis=0)[learned.labels.index(label)] for label in ("asks", "gives"))
    assert (asks > 0, gives > 0) == (True, False)
    assert np.isfinite(learn_network(learned.numbers, SMALL)["query"]).all()


def test_a_group_is_left_out_together_wherever_its_calls_stand() -> None:
    """Groups of fold 1 have wrong labels, as above; their two calls stand fifty apart."""
    learned = prepare(made(100), TEMPLATE, SMALL, FACT_TASK)
    groups = [str(place % 50) for place in range(100)]
    fold = {group: place % 5 for place, group in enumerate(dict.fromkeys(groups))}
    place = learned.labels.index("asks")
    turned = [
        one._replace(labels=1 - one.labels) if fold[group] == 1 else one
        for one, group in zip(learned.numbers, groups, strict=True)
    ]
    scores = left_out_of(turned, SMALL, groups)
    right = []
    for number in (at for at, group in enumerate(groups) if fold[group] == 1):
        known = learned.numbers[number].counts[:, place] > 0
        right += ((scores[number][:, place] > 0) == (learned.numbers[number].labels[:, place] > 0))[known].tolist()
    assert np.mean(right) > 0.7


def test_lines_have_the_labels_of_their_speaker_weighed() -> None:
    chunks = [Chunk(1, "agent", "Your PIN?"), Chunk(2, "caller", "Four two."), Chunk(3, "agent", "Done.")]
    told = [{"asks": 0.9, "asks pin": 0.8}, {"gives": 0.7, "gives pin": 0.6}, {"asks": 0.1, "asks pin": 0.1}]
    labels, dialogue = ("asks", "asks pin", "gives", "gives pin"), tuple(np.linspace(-0.5, 0.7, len(EVIDENCE) + 1))
    answers = np.array([[line.get(label, 0.5) for label in labels] for line in told])
    (lines,) = LeftOut(Learned({}, labels, [chunks], [], []), [answers], [answers], dialogue).told_lines()
    assert lines == weighed(chunks, told, dialogue)


def call(lines: int, happens: dict[int, int], said: dict[int, int]) -> tuple[CallNumbers, NDArray[np.float32]]:
    """Of two kinds of incidents, each in one line at most; the last line is not known of."""
    labels, counts = np.zeros((lines, 2), np.float32), np.ones((lines, 2), np.float32)
    answers = np.full((lines, 2), 0.3, np.float32)
    labels[-1] = 1
    counts[-1] = 0
    for kind, line in happens.items():
        labels[line, kind] = 1
    for kind, line in said.items():
        answers[line, kind] = 0.5
    nothing = np.zeros((lines, 1), np.float16)
    return CallNumbers(nothing, np.arange(lines, dtype=np.int32), nothing, labels, counts), answers


def test_false_alarms_and_what_is_found_are_told_of_short_and_of_long_calls() -> None:
    unknown, nothing_said = call(4, {}, {})
    calls = [
        (unknown._replace(counts=np.zeros((4, 2), np.float32)), nothing_said),
        call(4, {}, {}),
        call(4, {}, {0: 1}),
        call(4, {}, {1: 3}),
        call(LONG, {1: 7}, {1: 9}),
        call(LONG, {0: 7, 1: 7}, {0: 7}),
        call(LONG, {}, {0: 1, 1: 2}),
    ]
    numbers, answers = zip(*calls, strict=True)
    lines: list[str] = []
    show_incidents(numbers, answers, lines.append)
    nothing = "calls flagged in which nothing happens"
    assert lines == [
        f"fewer than 50 lines: 1 of 3 {nothing}; 0 of 0 found, 0 of 1 right that are said",
        f"50 lines or more: 1 of 1 {nothing}; 2 of 3 found, 2 of 4 right that are said",
    ]
