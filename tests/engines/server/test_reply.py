import math
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.engines.server.reply import END, IMPOSSIBLE, Nonsense, Position, Reply, Unusable


def entry(token: str, logprob: float = -0.1, **others: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "top_logprobs": [{"token": t, "logprob": v} for t, v in others.items()]}


def body(text: Any, *entries: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": text}, "logprobs": {"content": list(entries)}, **more}]}


def reply_of(content: dict[str, Any]) -> Reply:
    return Reply.of(content, 20)


def only_position(one: dict[str, Any]) -> Position:
    """That of an answer of one token."""
    positions = reply_of(body("a", one)).positions
    assert positions is not None
    assert len(positions) == 1
    return positions[0]


def test_tokens_with_their_alternatives() -> None:
    reply = reply_of(body("rain", entry("ra", -0.5, sn=-1.0), entry("in"), entry("<|im_end|>")))
    assert reply.positions is not None
    assert [position.token for position in reply.positions] == [b"ra", b"in", END]
    assert reply.positions[0].options == {b"ra": -0.5, b"sn": -1.0}


def test_bytes_count_more_than_what_is_printed() -> None:
    pieces = [{"token": "\ufffd", "bytes": [one], "logprob": -0.1} for one in "ü".encode()]
    reply = reply_of(body("ü", *pieces))
    assert [position.token for position in reply.positions or ()] == [b"\xc3", b"\xbc"]


def test_a_thought_before_the_answer_is_left_out() -> None:
    reply = reply_of(body("rain", entry("I think "), entry("r"), entry("ain")))
    assert [position.token for position in reply.positions or ()] == [b"r", b"ain"]


def test_endings_are_one_option() -> None:
    reply = reply_of(body("a", entry("a"), {**entry("", -3.0), "top_logprobs": [{"token": "</s>", "logprob": -1.0}]}))
    assert (reply.positions or [])[1].options == {END: -1.0}


def test_what_a_server_masked_is_impossible() -> None:
    told = {"token": "d", "logprob": None}
    one = only_position(entry("a", 1e-7, b=-3.4e38, c=float("-inf"), e=-9999.0, f=-(10**400)))
    assert one.options == {b"a": 0.0} | dict.fromkeys((b"b", b"c", b"e", b"f"), IMPOSSIBLE)
    one = only_position({**entry("a", -9999.0), "top_logprobs": [told, {**told, "logprob": -1}]})
    assert one.options == {b"a": IMPOSSIBLE, b"d": -1.0}


def test_what_a_schema_forced_may_be_impossible() -> None:
    forced = body("ab", entry("a", -0.5), entry("b", -9999.0))
    with pytest.raises(Nonsense):
        reply_of(forced)
    assert Reply.of(forced, 20, forced=True).positions == [
        Position(b"a", {b"a": -0.5}),
        Position(b"b", {b"b": IMPOSSIBLE}),
    ]


NEVER = [float("nan"), float("inf"), 5, 0.02, 10**400, True, "-0.1", [], {}]
"""What no log-probability can be, wherever it stands."""


@pytest.mark.parametrize("value", NEVER)
def test_a_number_that_cannot_be_true_spoils_the_reply(value: Any) -> None:
    for entries in ([entry("a", value)], [entry("a", -0.1, b=value)], [entry("a"), entry("", -0.1, b=value)]):
        with pytest.raises(Nonsense):
            reply_of(body("a", *entries))
    assert reply_of(body("a", entry("thought", value), entry("a"))).positions  # is not looked at


@pytest.mark.parametrize(
    "one",
    [
        entry("a", 0.0, b=0.0),
        entry("a", -0.1, b=-0.1, c=-2.0),
        entry("a", float("-inf"), b=float("-inf")),
        entry("a", -9999.0, b=-9999.0),
        {"token": "a", "logprob": None},
    ],
)
def test_alternatives_that_cannot_all_be_true(one: dict[str, Any]) -> None:
    with pytest.raises(Nonsense):
        reply_of(body("a", one))


@given(st.lists(st.one_of(st.floats(), st.integers(), st.none(), st.booleans(), st.text(max_size=2)), max_size=6))
def test_what_is_believed_can_be_true(values: list[Any]) -> None:
    entries = [{"token": str(place), "logprob": value} for place, value in enumerate(values)]
    try:
        one = only_position({**entry("a", -1.0), "top_logprobs": entries})
    except Nonsense:
        return
    assert all(IMPOSSIBLE <= value <= 0.0 for value in one.options.values())
    assert 0.3 < math.fsum(map(math.exp, one.options.values())) < 1.2


@pytest.mark.parametrize(
    "entries", [[], [entry("snow")], ["a"], [{"token": "rain"}], [{"token": 7, "logprob": -1.0}], [None]]
)
def test_log_probabilities_of_something_else(entries: list[Any]) -> None:
    assert reply_of(body("rain", *entries)).positions is None


def test_the_last_place_of_the_text_counts_and_what_follows_it_is_its_end() -> None:
    reply = reply_of(body("rain", entry("rain"), entry("?"), entry("rain"), entry("[EOS]", -0.2, y=-3.0), entry("x")))
    assert reply.positions == [Position(b"rain", {b"rain": -0.1}), Position(END, {b"y": -3.0, END: -0.2})]


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("y" * 10_000_000, []),
        ("a" * 1000, [entry("a")] * 1_000_000),
        ("a" * 999 + "b", [entry("a" * 1000)] * 40),
        ("b", [entry("a" * 1_000_000)] * 40),
    ],
)
def test_no_reply_takes_long(text: str, entries: list[Any]) -> None:
    begun = time.process_time()
    with suppress(Unusable):
        assert reply_of(body(text, *entries)).positions is None
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("logprobs", [None, [], "x", {}, {"content": None}, {"content": 7}])
def test_no_log_probabilities(logprobs: Any) -> None:
    assert reply_of(body("rain", logprobs=logprobs)).positions is None


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"choices": []},
        {"choices": None},
        {"choices": {}},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": [{"text": "rain"}]},
        body(None),
        body(["rain"]),
    ],
)
def test_what_is_no_reply(content: dict[str, Any]) -> None:
    with pytest.raises(Unusable):
        reply_of(content)


def test_counts() -> None:
    usage: dict[str, Any] = {"prompt_tokens": 30, "completion_tokens": 3}
    assert reply_of({**body("x"), "usage": usage}).evaluated_tokens == 33
    usage["prompt_tokens_details"] = {"cached_tokens": 28}
    reply = reply_of({**body("x"), "usage": usage})
    assert (reply.prompt_tokens, reply.evaluated_tokens) == (30, 5)
    for strange in (
        None,
        7,
        {"prompt_tokens": "x", "completion_tokens": -1, "prompt_tokens_details": 7},
        {"prompt_tokens": 10**400},
    ):
        assert reply_of({**body("x"), "usage": strange}).evaluated_tokens == 0


def test_an_answer_that_was_cut_off() -> None:
    assert reply_of(body("x")).whole
    assert reply_of(body("x", finish_reason="stop")).whole
    assert not reply_of(body("x", finish_reason="length")).whole
