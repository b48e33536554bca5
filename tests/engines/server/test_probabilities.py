"""The shares of answers, against the product of the model's probabilities along the answers' tokens."""

import itertools
import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.engines.protocol import NEGLIGIBLE
from ausweis.engines.server.probabilities import Ways, has_impossible_value, unsure_tokens
from ausweis.engines.server.reply import END, IMPOSSIBLE, Position, Reply

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
