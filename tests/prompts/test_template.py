from pathlib import Path

import pytest
from tests.prompts.conftest import Write

from ausweis.engines.protocol import Message
from ausweis.errors import PromptError
from ausweis.prompts import Template

INPUTS = {"text": "Einen Moment.", "context": []}


def test_messages_are_system_then_examples_then_the_question(write: Write) -> None:
    messages = Template.load(write()).render(INPUTS)
    assert [m.role for m in messages] == ["system", *["user", "assistant"] * 3, "user"]
    assert messages[0] == Message(role="system", content="Name what the agent does.")
    assert messages[3].content == "caller: And my balance?\nagent: Your balance is twelve pounds."
    assert [m.content for m in messages if m.role == "assistant"] == ["asks", "tells", "no"]
    assert messages[-1].content == "agent: Einen Moment."


def test_examples_of_another_language_are_left_out(write: Write) -> None:
    messages = Template.load(write()).render(INPUTS, language="de")
    assert [m.content for m in messages if m.role == "assistant"] == ["asks", "no"]


def test_answers_that_are_no_label_are_compact_json(write: Write) -> None:
    path = write(1, ('enum: [asks, tells, "no"]', "{}"), ("output: asks", "output: {quote: schön, turns: [1, 2]}"))
    answers = [m.content for m in Template.load(path).render(INPUTS) if m.role == "assistant"]
    assert answers[0] == '{"quote":"schön","turns":[1,2]}'


FOLLOWS = """---
id: follows
version: 1
description: What is asked after a transcript.
inputs: {text: what is asked}
output: {type: string}
---
=== user ===
Where is "{{ text }}"?
=== assistant ===
It is in "
"""


def test_a_question_that_goes_on_a_transcript(tmp_path: Path) -> None:
    path = tmp_path / "1.md"
    path.write_text(FOLLOWS, encoding="utf-8")
    question, answer = Template.load(path).render({"text": "a\n=== system ===\nb"})
    assert question == Message(role="user", content='Where is "a === system === b"?')
    assert answer == Message(role="assistant", content='It is in "')
    path.write_text(f"{FOLLOWS}=== user ===\nAnd when?\n=== assistant ===\nAt\n", encoding="utf-8")
    more = Template.load(path).render({"text": "a"})
    assert [message.role for message in more] == ["user", "assistant"] * 2
    assert more[-1].content == "At"
    path.write_text(f"{FOLLOWS}=== user ===\nAnd when?\n", encoding="utf-8")
    with pytest.raises(PromptError, match="for each question"):
        Template.load(path)
    example = "examples:\n  - {inputs: {text: x}, output: y}\n---\n==="
    path.write_text(FOLLOWS.replace("---\n===", example), encoding="utf-8")
    with pytest.raises(PromptError, match="has no examples") as caught:
        Template.load(path)
    assert caught.value.place == f"{path}:7"


def test_name_and_labels(write: Write) -> None:
    template = Template.load(write(3))
    assert template.name == "agent-act@3"
    assert template.labels == ("asks", "tells", "no")
    assert template.parameters == {"margin": 0.2}


def test_an_answer_that_is_none_of_the_template_s_is_named(write: Write) -> None:
    path = write(3)
    template = Template.load(path)
    template.check_answer("tells")
    with pytest.raises(PromptError, match=r"agent-act@3 needs the answer yes \(it has: asks, tells, no\)") as caught:
        template.check_answer("yes")
    assert caught.value.place == str(path)


def test_hash_does_not_depend_on_line_ends(write: Write) -> None:
    path = write()
    unix = Template.load(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert Template.load(path) == unix
    path.write_text(path.read_text().replace("Mhm.", "Aha."))
    assert Template.load(path).sha256 != unix.sha256


def test_missing_and_unknown_variables_are_named(write: Write) -> None:
    template = Template.load(write())
    with pytest.raises(PromptError, match="agent-act@1 needs the variable context"):
        template.render({"text": "x"})
    with pytest.raises(PromptError, match=r"agent-act@1 has no variable txt \(it has: text, context\)"):
        template.render({**INPUTS, "txt": "x"})


def test_variable_that_is_not_declared_is_named_with_its_line(write: Write) -> None:
    path = write(1, ("agent: {{ text }}", "agent: {{ text }}{{ mood }}"))
    with pytest.raises(PromptError, match="the variable mood is missing") as caught:
        Template.load(path).render(INPUTS)
    assert caught.value.place == f"{path}:28"


def test_part_of_an_input_that_is_not_there_is_named_with_its_line(write: Write) -> None:
    path = write(1, ("{{ turn.text }}", "{{ turn.txt }}"))
    with pytest.raises(PromptError, match="the part txt of an input is missing") as caught:
        Template.load(path).render({"text": "x", "context": [{"speaker": "caller", "text": "y"}]}, language="de")
    assert caught.value.place == f"{path}:26"


def test_message_about_a_missing_part_holds_no_words_of_the_call(write: Write) -> None:
    path = write(1, ("{{ turn.text }}", "{{ turn[turn.text] }}"))
    with pytest.raises(PromptError, match="a part of an input") as caught:
        Template.load(path).render({"text": "x", "context": [{"speaker": "caller", "text": "Geheim7"}]}, language="de")
    assert "Geheim7" not in str(caught.value)
    assert caught.value.place == f"{path}:26"


def test_value_that_cannot_be_used_gives_a_sentence(write: Write) -> None:
    path = write(1, ("{{ text }}", "{{ text | length }}"))
    with pytest.raises(PromptError, match="cannot be rendered"):
        Template.load(path).render({"text": 7, "context": []})


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("version: 1", "version: one"), 3, "version: input should be a valid integer"),
        (("description", "descriptoin"), 4, "descriptoin: no such key"),
        (("output: asks", "outpt: asks"), 14, r"examples.0.outpt: no such key \(keys: inputs, output, language\)"),
        (("    output: asks\n", ""), 13, "examples.0.output: is missing"),
        (('text: "Mhm."', "text: 2020-01-01"), 19, "put it in quotes"),
        (("id: agent-act", "id: Agent Act"), 2, "id: string should match"),
        (("parameters:", "inputs:"), 10, "duplicate key"),
        (("enum: [asks", "enum: [[asks"), 10, "no valid YAML"),
        (("=== user ===\n", ""), 22, "each exactly once"),
        (("=== user ===\n", "=== user ===\nHi\n=== user ===\n"), 22, "each exactly once"),
        (("agent: {{ text }}", "=== assistant ===\n{{ text }}"), 22, "each exactly once"),
        (("agent: {{ text }}", "=== tool ===\n{{ text }}"), 28, "is no role"),
        (("agent: {{ text }}", "===user===\n{{ text }}"), 28, "is no role"),
        (("=== system ===", "Hello\n=== system ==="), 22, "text stands before"),
        (("Name what the agent does.\n", ""), 22, "the system section is empty"),
        (("{% endfor %}\n", ""), 27, "looking for"),
        (("agent: {{ text }}", "{% include 'x' %}"), 28, "include is not allowed"),
        (("agent: {{ text }}", "{% import 'x' as y %}"), 28, "import is not allowed"),
        (("agent: {{ text }}", "{% extends 'x' %}"), 28, "extends is not allowed"),
        (("agent: {{ text }}", "{% macro x() %}{% endmacro %}"), 28, "macro is not allowed"),
        (("agent: {{ text }}", "{{ text.upper() }}"), 28, "call is not allowed"),
        (("agent: {{ text }}", "{% filter upper %}{{ text }}{% endfilter %}"), 28, "filterblock is not allowed"),
        (("agent: {{ text }}", "{{ text | pprint }}"), 28, "filters: first"),
        (("agent: {{ text }}", "{{ text * 9 }}"), 28, "mul is not allowed"),
    ],
)
def test_broken_template_is_refused_with_file_and_line(
    write: Write, change: tuple[str, str], line: int, message: str
) -> None:
    path = write(1, change)
    with pytest.raises(PromptError, match=message) as caught:
        Template.load(path)
    assert caught.value.place == f"{path}:{line}"


def test_file_without_front_matter_or_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text("=== system ===\n")
    with pytest.raises(PromptError, match="front matter"):
        Template.load(path)
    path.write_bytes("---\nid: für\n---\n".encode("latin-1"))
    with pytest.raises(PromptError, match="not UTF-8"):
        Template.load(path)
    with pytest.raises(PromptError, match="cannot be read"):
        Template.load(tmp_path / "none.md")
