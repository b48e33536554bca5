import json
import re

import pytest

from ausweis.engines.server.dialects import BARE_LISTS, END, SCHEMAS, list_in_schema

CHOICES = ("nothing", "asks pin", 'says "no"', "back\\slash", "über\nzwei")
BARE = BARE_LISTS[0]
IN_JSON = list_in_schema(SCHEMAS[0])


def test_nothing_of_a_choice_ends_its_literal() -> None:
    grammar = BARE.fields(CHOICES)["grammar"]
    literals = re.findall(r'"([^"]*)"', grammar)
    assert grammar == "root ::= " + " | ".join(f'"{literal}"' for literal in literals)
    found = [re.sub(r"\\x(..)", lambda match: chr(int(match[1], 16)), literal) for literal in literals]
    assert tuple(found) == CHOICES


def test_a_list_in_a_schema() -> None:
    form = IN_JSON.fields(CHOICES)["response_format"]
    schema = form["json_schema"]["schema"]
    assert schema["properties"]["answer"]["enum"] == list(CHOICES)
    assert (schema["required"], schema["additionalProperties"]) == (["answer"], False)


@pytest.mark.parametrize("choice", CHOICES)
def test_answers_are_found_in_replies(choice: str) -> None:
    assert BARE.answer(f" {choice}\n") == choice
    assert IN_JSON.answer(json.dumps({"answer": choice})) == choice


@pytest.mark.parametrize("content", ["", "nothing", "{", "[]", "7", '{"other": "x"}', '{"answer": 7}', "[" * 100_000])
def test_what_is_no_answer(content: str) -> None:
    assert IN_JSON.answer(content) is None


def test_texts_are_written_as_the_reply_is() -> None:
    assert BARE.texts(("sun",), " rain") == {"sun": b" sun" + END}
    for before in ('{"answer": "', '{\n  "answer" :\n "'):
        assert IN_JSON.texts(("sun",), before + 'rain"}') == {"sun": before.encode() + b'sun"'}


def test_each_dialect_says_something_else() -> None:
    said = [json.dumps(dialect.fields({"type": "object"})) for dialect in SCHEMAS]
    said += [json.dumps(dialect.fields(("a", "b"))) for dialect in BARE_LISTS]
    assert len(set(said)) == len(said)
