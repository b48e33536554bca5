import itertools
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.engines.protocol import NEGLIGIBLE
from ausweis.engines.server.reply import (
    END,
    IMPOSSIBLE,
    Nonsense,
    Position,
    Reply,
    Unusable,
    Ways,
    has_impossible_value,
    unsure_tokens,
)


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


Model = Mapping[bytes, Mapping[bytes, float]]
"""The probabilities of the next token, by the text before it."""


def texts(*names: str) -> dict[str, bytes]:
    return {name: name.encode() + END for name in names}


def reply(model: Model, names: Sequence[str], most: int = 1000, *, masked: bool = False) -> list[Position]:
    """What a server would tell about the answer that it gives when the list is enforced."""
    before, positions = b"", []
    while before not in {name.encode() + END for name in names}:
        fitting = {
            token: p
            for token, p in model[before].items()
            if any(text.startswith(before + token) for text in texts(*names).values())
        }
        token = max(fitting, key=lambda one: fitting[one])
        shown = fitting if masked else model[before]
        named = dict(sorted(shown.items(), key=lambda item: -item[1])[:most])
        named[token] = shown[token]
        total = math.fsum(fitting.values()) if masked else 1.0
        positions.append(Position(token, {one: math.log(p / total) for one, p in named.items()}))
        before += token
    return positions


def shares(
    model: Model, names: Sequence[str], *, most: int = 1000, masked: bool = False
) -> tuple[dict[str, float], int]:
    """Ask as the engine does; give the shares and how often was asked."""
    ways, asked = Ways(texts(*names)), 1
    ways.learn(reply(model, names, most, masked=masked))
    while group := ways.shares().next:
        ways.learn(reply(model, group, most, masked=masked))
        asked += 1
        assert asked < 20
    return ways.shares().probabilities, asked


def expected(model: Model, names: Sequence[str], pieces: Mapping[str, Sequence[bytes]]) -> dict[str, float]:
    """Shared out fork by fork, as the in-process engine does."""
    found = {}
    for name in names:
        probability, before = 1.0, b""
        for token in pieces[name]:
            rivals = {
                one[len(before) :]
                for other in names
                for one in _steps(pieces[other])
                if _next(one, before, pieces[other])
            }
            total = math.fsum(model[before].get(rival, 0.0) for rival in rivals)
            probability *= model[before][token] / total
            before += token
        found[name] = probability
    return found


def _steps(pieces: Sequence[bytes]) -> list[bytes]:
    return list(itertools.accumulate(pieces))


def _next(step: bytes, before: bytes, pieces: Sequence[bytes]) -> bool:
    steps = [b"", *_steps(pieces)]
    return before in steps and steps.index(step) == steps.index(before) + 1


WEATHER = {
    b"": {b"rain": 0.3, b"sun": 0.2, b"snow": 0.1, b"It": 0.3, b"s": 0.1},
    b"rain": {END: 0.5, b" and": 0.2, b"y": 0.3},
    b"rain and": {b" wind": 0.4, b" sun": 0.6},
    b"rain and wind": {END: 1.0},
    b"rain and sun": {END: 1.0},
    b"sun": {END: 0.9, b"ny": 0.1},
    b"snow": {END: 0.9, b"y": 0.1},
}
PIECES = {
    "rain": (b"rain", END),
    "rain and wind": (b"rain", b" and", b" wind", END),
    "rain and sun": (b"rain", b" and", b" sun", END),
    "sun": (b"sun", END),
    "snow": (b"snow", END),
}


@pytest.mark.parametrize("masked", [False, True])
def test_as_the_in_process_engine_shares_out(masked: bool) -> None:
    names = tuple(PIECES)
    found, asked = shares(WEATHER, names, masked=masked)
    assert found == pytest.approx(expected(WEATHER, names, PIECES))
    assert sum(found.values()) == pytest.approx(1)
    assert asked == 2  # once for all, and once for what begins with "rain and"


def test_one_question_where_first_tokens_differ() -> None:
    found, asked = shares(WEATHER, ("rain", "sun", "snow"))
    assert found == pytest.approx({"rain": 0.5, "sun": 1 / 3, "snow": 1 / 6})
    assert asked == 1


def test_answers_beyond_the_named_tokens_are_asked_about() -> None:
    """The server names two tokens only: the others are found one after another, with their own probability."""
    names = ("rain", "sun", "snow")
    found, asked = shares(WEATHER, names, most=2)
    assert found == pytest.approx({"rain": 0.5, "sun": 1 / 3, "snow": 1 / 6})
    assert asked == 3


def test_what_cannot_be_likely_is_not_asked_about() -> None:
    model = {b"": {b"yes": 0.9, b"It": 0.05, b"zz": 0.001, b"no": 0.0001}, b"yes": {END: 1.0}, b"no": {END: 1.0}}
    found, asked = shares(model, ("yes", "no"), most=3)
    assert (found, asked) == ({"yes": 1.0, "no": 0.0}, 1)


def test_the_likeliest_beginning_counts() -> None:
    """`explains` is `expl`, `ains` to the tokeniser; the token `explain` is there, and is no way to it."""
    model = {
        b"": {b"asks": 0.5, b"expl": 0.4, b"explain": 0.01, b"e": 0.09},
        b"expl": {b"ains": 1.0},
        b"explains": {END: 1.0},
        b"asks": {END: 1.0},
    }
    assert shares(model, ("asks", "explains"))[0] == pytest.approx({"asks": 5 / 9, "explains": 4 / 9})


def test_in_json_the_common_way_is_followed_as_it_was_taken() -> None:
    ways = Ways({"rain": b'{"answer": "rain"', "sun": b'{"answer": "sun"'})
    ways.learn(
        [
            Position(b"{", {b"{": -2.0, b'{"': -0.1}),
            Position(b'"answer":', {b'"answer":': -0.1, b'"': -1.0}),
            Position(b' "', {b' "': -0.1}),
            Position(b"sun", {b"sun": math.log(0.6), b"rain": math.log(0.2), b"x": math.log(0.2)}),
            Position(b'"}', {b'"}': -0.1}),
        ]
    )
    assert ways.shares().probabilities == pytest.approx({"rain": 0.25, "sun": 0.75})


def test_a_reply_that_shows_nothing_new() -> None:
    ways = Ways(texts("a b", "a c"))
    ways.learn([])
    assert ways.shares().next == ["a b", "a c"]
    assert ways.shares().probabilities == {"a b": 0.5, "a c": 0.5}


WORDS = ("a", "b", "c", "dd")
NAMES = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join), min_size=2, max_size=8, unique=True
)


@given(NAMES, st.randoms(use_true_random=False), st.booleans(), st.integers(1, 6))
def test_any_list(names: list[str], chance: object, masked: bool, most: int) -> None:
    """Shares sum to 1, the asking ends, and what was told apart is shared out as in process."""
    pieces = {name: _pieces(name) for name in names}
    model: dict[bytes, dict[bytes, float]] = {}
    for name in names:
        for before, token in zip([b"", *_steps(pieces[name])], pieces[name], strict=False):
            model.setdefault(before, {b"zz": 0.1})[token] = chance.uniform(0.05, 1.0)  # type: ignore[attr-defined]
    model = {before: {t: p / sum(found.values()) for t, p in found.items()} for before, found in model.items()}
    most = 1000 if masked else most
    ways, seen = Ways(texts(*names)), {frozenset(names)}
    ways.learn(reply(model, names, most, masked=masked))
    while (group := ways.shares().next) and frozenset(group) not in seen:
        seen.add(frozenset(group))
        ways.learn(reply(model, group, most, masked=masked))
    found = ways.shares().probabilities
    assert sum(found.values()) == pytest.approx(1)
    if most == 1000:
        assert not group
        right = expected(model, names, pieces)
        assert all(abs(found[name] - right[name]) <= NEGLIGIBLE for name in names)


def _pieces(name: str) -> list[bytes]:
    first, *others = name.split(" ")
    return [first.encode(), *(f" {word}".encode() for word in others), END]


def test_tokens_of_a_text_that_were_not_certain() -> None:
    chances = {"ü".encode(): 0.5, b"x": 1.0, b"yz": 0.25}
    positions = [Position(token, {token: math.log(p), b"other": -0.7}) for token, p in chances.items()]
    positions += [Position(b"}", {b"}": IMPOSSIBLE}), Position(END, {END: -3.0})]
    assert unsure_tokens(Reply("üxyz}", True, positions, 1, 1)) == ((0, 2, 0.5), (3, 5, 0.25), (5, 6, 0.0))
    assert unsure_tokens(Reply("x", True, None, 1, 1)) is None


WRITTEN = ("{", '"a', 'b"', ":", ' "', 'x\\"', "ü", '"', ", ", '"n"', ": ", "[", "-7.5", ", true]", "}")


@pytest.mark.parametrize("token", [*WRITTEN, "none of them"])
def test_only_a_schema_brings_what_is_impossible(token: str) -> None:
    """Keys, brackets and quotation marks are forced, values are not."""
    positions = [Position(one.encode(), {one.encode(): IMPOSSIBLE if one == token else -0.1}) for one in WRITTEN]
    reply = Reply("".join(WRITTEN), True, [*positions, Position(END, {END: IMPOSSIBLE})], 1, 1)
    assert has_impossible_value(reply) is (token in ('x\\"', "ü", "-7.5", ", true]"))
    assert not has_impossible_value(Reply(reply.text, True, None, 1, 1))
