from typing import Any

import pytest

from ausweis.engines.server_dialects import END
from ausweis.engines.server_reply import Reply, Unusable


def entry(token: str, logprob: float = -0.1, **others: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "top_logprobs": [{"token": t, "logprob": v} for t, v in others.items()]}


def body(text: Any, *entries: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": text}, "logprobs": {"content": list(entries)}, **more}]}


def test_tokens_with_their_alternatives() -> None:
    reply = Reply.of(body("rain", entry("ra", -0.5, sn=-1.0), entry("in"), entry("<|im_end|>")))
    assert reply.positions is not None
    assert [position.token for position in reply.positions] == [b"ra", b"in", END]
    assert reply.positions[0].options == {b"ra": -0.5, b"sn": -1.0}


def test_bytes_count_more_than_what_is_printed() -> None:
    pieces = [{"token": "\ufffd", "bytes": [one], "logprob": -0.1} for one in "ü".encode()]
    reply = Reply.of(body("ü", *pieces))
    assert [position.token for position in reply.positions or ()] == [b"\xc3", b"\xbc"]


def test_a_thought_before_the_answer_is_left_out() -> None:
    reply = Reply.of(body("rain", entry("I think "), entry("r"), entry("ain")))
    assert [position.token for position in reply.positions or ()] == [b"r", b"ain"]


def test_endings_are_one_option() -> None:
    reply = Reply.of(body("a", entry("a"), {**entry("", -3.0), "top_logprobs": [{"token": "</s>", "logprob": -1.0}]}))
    assert (reply.positions or [])[1].options == {END: -1.0}


def test_numbers_that_are_none() -> None:
    reply = Reply.of(body("a", entry("a", -3.4e38, b=float("nan"), c=float("-inf"))))
    assert (reply.positions or [])[0].options == {b"a": -1e4, b"c": -1e4}


@pytest.mark.parametrize(
    "entries", [[], [entry("snow")], ["a"], [{"token": "rain"}], [{"token": "rain", "logprob": None}], [None]]
)
def test_log_probabilities_of_something_else(entries: list[Any]) -> None:
    assert Reply.of(body("rain", *entries)).positions is None


@pytest.mark.parametrize("logprobs", [None, [], "x", {}, {"content": None}, {"content": 7}])
def test_no_log_probabilities(logprobs: Any) -> None:
    assert Reply.of(body("rain", logprobs=logprobs)).positions is None


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
        Reply.of(content)


def test_counts() -> None:
    usage: dict[str, Any] = {"prompt_tokens": 30, "completion_tokens": 3}
    assert Reply.of({**body("x"), "usage": usage}).evaluated_tokens == 33
    usage["prompt_tokens_details"] = {"cached_tokens": 28}
    reply = Reply.of({**body("x"), "usage": usage})
    assert (reply.prompt_tokens, reply.evaluated_tokens) == (30, 5)
    for strange in (None, 7, {"prompt_tokens": "x", "completion_tokens": -1, "prompt_tokens_details": 7}):
        assert Reply.of({**body("x"), "usage": strange}).evaluated_tokens == 0


def test_an_answer_that_was_cut_off() -> None:
    assert Reply.of(body("x")).whole
    assert Reply.of(body("x", finish_reason="stop")).whole
    assert not Reply.of(body("x", finish_reason="length")).whole
