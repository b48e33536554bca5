import hashlib
import json
import time

import pytest
from pydantic import ValidationError
from tests.probes import by_chance

from ausweis.engines.protocol import Message, Request, Result, Transcript, UnsureToken


def test_certainty_of_a_part_of_a_text() -> None:
    """Places are characters of the text and bytes of its tokens: `ü` is two."""
    result = Result(text="über uns", unsure=(UnsureToken(0, 3, 0.5), UnsureToken(3, 6, 0.25), UnsureToken(6, 9, 0.1)))
    assert result.certainty(0, 1) == 0.5
    assert result.certainty(1, 3) == 0.5 * 0.25
    assert result.certainty(5, 8) == 0.1
    assert result.certainty(0, 0) == 1.0
    assert Result(text="über uns", unsure=()).certainty(0, 8) == 1.0
    assert Result(text="über uns").certainty(0, 8) is None


def test_a_token_needs_a_probability() -> None:
    with pytest.raises(ValidationError):
        Result.model_validate({"text": "a", "unsure": [[0, 1, 1.5]]})


def test_asking_how_sure_it_is_changes_no_key() -> None:
    """Whether it is told does not change the answer."""
    plain = Request(messages=(Message(role="user", content="?"),), json_schema={})
    assert plain.key("0") == plain.model_copy(update={"unsure": True}).key("0")


def test_the_key_of_a_row_covers_all_rows_before_it() -> None:
    """As if each row were asked about by itself, though what rows have in common is hashed once."""
    probes = [by_chance(labels, (1,), 1) for labels in (("a",), ("a", "b"))]
    rows = ('"]], "model": ä', "b\\", "c\N{GRINNING FACE}", "", "d")
    messages = (Message(role="system", content='"]], "model": '), Message(role="user", content="\n".join(rows)))
    read = Transcript(messages=messages, rows=rows, probes=[probes[n % 2] for n in range(len(rows))])
    until = [[["system", messages[0].content], ["user", "\n".join(rows[: n + 1])]] for n in range(len(rows))]
    bodies = [
        {"messages": said, "choices": list(probe.labels), "readout": probe.sha256}
        | {"schema": None, "max_tokens": 512, "model": "0"}
        for said, probe in zip(until, read.probes, strict=True)
    ]
    wanted = [json.dumps(body, sort_keys=True, ensure_ascii=False) for body in bodies]
    assert read.keys("0") == [hashlib.sha256(body.encode()).hexdigest() for body in wanted]


def test_the_keys_of_a_long_call_take_no_more_than_its_rows() -> None:
    rows = tuple("Das ist ein Satz. " * 17 for _ in range(20_000))
    messages = (Message(role="user", content="\n".join(rows)),)
    probe = by_chance(("a",), (1,), 1)
    begun = time.process_time()
    assert len(set(Transcript(messages=messages, rows=rows, probes=(probe,) * len(rows)).keys("0"))) == len(rows)
    assert time.process_time() - begun < 8
