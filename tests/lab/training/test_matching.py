"""Matchers learn what a description says, whatever it is: lines and descriptions of incidents are made up."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from evals.lab.training import matching
from evals.lab.training.calls import Lines, call_in_basis
from evals.lab.training.incidents import (
    OTHERS,
    asked_of,
    evidence_of,
    first_of,
    incident_call,
    learn_incidents,
    sides_of,
    unseen_of,
)
from evals.lab.training.matching import LeftOut, MatchedCall, basis_of, learn_network, left_out_of
from evals.lab.training.options import Bound
from numpy.typing import NDArray
from tests.evals.cases import labelled
from tests.lab.training.test_words import SMALL, TEMPLATE, WIDTH, line

from ausweis.engines.heads import LineFeatures
from ausweis.engines.matcher import Descriptions, Matcher, in_basis
from ausweis.labelled import IncidentLabel, LabelledCall, OwnIncident
from ausweis.reading.asking import incident_evidence
from ausweis.reading.chunks import Chunk, spoken_chunks
from ausweis.vocabulary import Side

pytestmark = pytest.mark.training
BOUND = Bound(TEMPLATE, "1" * 64, (10, 20), "made up")
HAPPENS = 2
"""The line in which it may."""


class Made(NamedTuple):
    """Calls of five lines, one of which is of two topics, as their description; of near twins it is of one of them."""

    lines: list[list[LineFeatures]]
    described: list[LineFeatures]
    questions: list[list[LineFeatures]]
    truth: list[bool]


def made(calls: int, seed: int = 1) -> Made:
    chance = np.random.default_rng(seed)
    pairs = [(one, other) for one in range(WIDTH) for other in range(one)]
    pairs = [pairs[place] for place in chance.permutation(len(pairs))[: calls // 2]]
    found = Made([], [line(chance, *pair) for pair in pairs], [], [])
    for place, (one, other) in enumerate(pairs):
        for happens in (True, False):
            lines = [line(chance, int(topic)) for topic in chance.integers(0, WIDTH, 5)]
            lines[HAPPENS] = line(chance, one, other if happens else int(chance.integers(0, WIDTH)))
            found.lines.append(lines)
            found.questions.append([line(chance, *pairs[asked]) for asked in (place, (place + 1) % len(pairs))])
            found.truth.append(happens)
    return found


def ready(some: Made) -> tuple[list[MatchedCall], dict[str, NDArray[np.float32]], list[Descriptions]]:
    """Each call is asked about its own description, and about the next one."""
    basis = basis_of(some.lines, some.described, [seen for asked in some.questions for seen in asked], SMALL)
    calls = []
    for number, (lines, questions, happens) in enumerate(zip(some.lines, some.questions, some.truth, strict=True)):
        place = number // 2
        told = np.zeros((5, 2, 1), np.float32)
        told[HAPPENS, 0, 0], told[4] = happens, np.nan
        calls.append(
            MatchedCall(
                id=str(number),
                lines=call_in_basis(lines, basis),
                chunks=[Chunk(turn, "agent", "eins zwei") for turn in range(1, 6)],
                described=(place, (place + 1) % len(some.described)),
                own=(True, False),
                told=told,
                group=str(place),
                questions=in_basis(basis, questions, "question"),
                answered=(0, 1),
            )
        )
    return calls, basis, [in_basis(basis, [seen], "described") for seen in some.described]


def learned(calls: int) -> tuple[Matcher, list[LeftOut]]:
    some = made(calls)
    matched, basis, _ = ready(some)
    told: list[LeftOut] = []
    matcher = learn_incidents(matched, some.described, basis, BOUND, SMALL, told.extend)
    return matcher, told


def test_it_tells_descriptions_that_it_has_not_seen() -> None:
    matcher, told = learned(160)
    assert (matcher.template, matcher.model_sha256, matcher.layers) == (TEMPLATE.name, "1" * 64, (10, 20))
    assert json.loads(matcher.notes) == {"about": "made up", "calls": 160, "descriptions": 80, "lines": 800}
    assert len(told) == 160
    seen = [evidence_of(one, 0) for one in told]
    assert {len(some.truth) for some in seen} == {4}
    # By chance the other one that a call was asked about was left out as well.
    assert all(unseen_of(one) in ([0], [0, 1]) for one in told)
    assert any(unseen_of(one) == [0] for one in told)
    for way in (0, 1):
        likely = {
            true: [one.evidence[HAPPENS, way] for one in seen if one.truth.any() == true] for true in (True, False)
        }
        assert np.mean(np.array(likely[True])[:, None] > np.array(likely[False])) > 0.8
    more = made(80, seed=9)
    said: dict[bool, list[NDArray[np.float32]]] = {True: [], False: []}
    for number, (lines, questions, true) in enumerate(zip(more.lines, more.questions, more.truth, strict=True)):
        described = matcher.described([more.described[number // 2]])
        asked = in_basis(matcher.parts, questions[:1], "question")
        rows = [matcher.in_basis(seen) for seen in lines]
        scores = (
            [float(matcher.scores(row, one, question=question)[0, 0]) for row in rows]
            for one, question in ((described, False), (asked, True))
        )
        chances = [1 / (1 + np.exp(-np.array(part))) for part in scores]
        evidence = incident_evidence(["eins zwei"] * 5, *chances)
        said[true].append(np.array([*evidence[HAPPENS, :2], matcher.weigh(0, evidence)[HAPPENS]]))
    described, answered, weighed = (np.array(said[True])[:, None] > np.array(said[False])).mean(axis=(0, 1))
    assert min(described, answered) > 0.7
    assert weighed > max(described, answered) + 0.02


def test_lines_that_are_not_known_are_read_and_not_weighed() -> None:
    matcher, told = learned(20)
    again, _ = learned(20)
    assert all((matcher.parts[name] == again.parts[name]).all() for name in matcher.parts)
    some = next(one for one in told if unseen_of(one) == [0])
    whole, changed = evidence_of(some, 0), some.call.told.copy()
    changed[0, 0] = np.nan
    without = evidence_of(some._replace(call=some.call._replace(told=changed)), 0)
    np.testing.assert_array_equal(without.evidence, whole.evidence[1:])
    np.testing.assert_array_equal(without.truth, whole.truth[1:])
    changed[:, 0] = np.nan
    assert unseen_of(some._replace(call=some.call._replace(told=changed))) == []


def test_nothing_is_learned_of_a_description_that_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, _, described = ready(made(24))
    learned: list[set[int]] = []

    def noted(seen: Sequence[MatchedCall], compared: Any, plan: Any, seed: int, others: Sequence[int] = ()) -> Any:
        known = {
            place
            for call in seen
            for column, place in enumerate(call.described)
            if not np.isnan(call.told[:, column]).all()
        }
        learned.append(known | set(others))
        return learn_network(seen, compared, plan, seed, others)

    monkeypatch.setattr(matching, "learn_network", noted)
    told = left_out_of(calls, described, SMALL, {str(place): (place,) for place in range(len(described))})
    assert len(told) == len(calls)
    unseen = list(dict.fromkeys(one.unseen for one in told))
    assert sorted(place for places in unseen for place in places) == list(range(len(described)))
    assert len(learned) == 2 * len(unseen)
    for places, by_words, by_questions in zip(unseen, learned[::2], learned[1::2], strict=True):
        assert by_words == set(range(len(described))) - places
        assert not by_questions & places
    assert all(one.call.described[0] in one.unseen for one in told)


def test_others_are_drawn_anew_each_time() -> None:
    some = made(24)
    calls, basis, described = ready(some)
    asked: list[tuple[int, ...]] = []

    def compared(call: MatchedCall, order: Any) -> Any:
        asked.append(call.described)
        return in_basis(basis, [some.described[place] for place in call.described], "described")

    learn_network(calls[:1], compared, replace(SMALL, rounds=6, drawn=3), 0, range(len(described)))
    assert {one[:2] for one in asked} == {calls[0].described}
    assert {len(set(one)) for one in asked} == {5}
    assert len(set(asked)) > 1


DESCRIPTIONS = [f"Der Agent nennt Frist {number}." for number in range(20)]


def described_call(name: str, *own: int) -> LabelledCall:
    """A call in which the first of its descriptions happens in the first turn."""
    call = labelled(name, "A: Das sind zwei Monate.", "C: Aha.")
    incidents = [
        OwnIncident(id=f"own_{number}", description=DESCRIPTIONS[number], speaker="agent").model_dump()
        for number in own
    ]
    label = IncidentLabel.model_validate(
        {"events": [{"id": f"own_{own[0]}", "turn": 1}], "known": [], "own": incidents}
    )
    return call.model_copy(update={"gold": call.gold.model_copy(update={"incidents": label})})


def test_a_call_is_asked_about_its_own_descriptions_and_about_others_by_chance() -> None:
    calls = [described_call(str(number), number, (number + 1) % 20) for number in range(20)]
    sides = sides_of(calls)
    others_first = sides_of([described_call("new", 7, 4), *reversed(calls)])
    assert set(sides.items()) == set(others_first.items()) == {(text, "agent") for text in DESCRIPTIONS}
    for call in calls:
        asked = asked_of(call, sides)
        assert asked == asked_of(call, others_first)
        assert (len(asked), len(set(asked))) == (2 + OTHERS, 2 + OTHERS)
        assert first_of(call) == asked[0]
    assert len({tuple(asked_of(call, sides)[2:]) for call in calls}) > 1


def test_what_is_true_of_the_lines_of_a_call() -> None:
    call = described_call("a", 3, 5)
    sides: dict[str, Side | None] = dict.fromkeys(DESCRIPTIONS, "agent")
    chunks, chance = spoken_chunks(call.call), np.random.default_rng(1)
    seen = [line(chance) for _ in chunks]
    states = [chance.normal(size=(6, 2, WIDTH // 2)).astype(np.float32) for _ in range(2 + OTHERS)]
    basis = basis_of([seen], seen, seen, replace(SMALL, token_dimensions=2, line_dimensions=2))
    told = incident_call(call, Lines(chunks, seen, [frozenset()] * 2, "g"), states, sides, basis)
    assert (told.described[:2], told.own[:3], told.group) == ((3, 5), (True, True, False), "3")
    nan = np.nan
    np.testing.assert_equal(told.told[:, :3, 0], [[1, 0, 0], [nan, nan, nan]])
    assert told.answered == tuple(range(2 + OTHERS))
    assert np.isnan(told.without([5]).told[0, 1]).all()
    np.testing.assert_equal(told.without([5]).told[:, 0], told.told[:, 0])
