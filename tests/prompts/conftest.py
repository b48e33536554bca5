"""A folder of small templates to render, break and release."""

from collections.abc import Callable
from pathlib import Path

import pytest

TEMPLATE = """\
---
id: agent-act
version: 1
description: What the agent does in one turn.
inputs:
  text: What the agent says.
  context: The turns before, each with speaker and text.
output:
  enum: [asks, tells, "no"]
parameters:
  margin: 0.2
examples:
  - inputs: {text: "Wie lautet Ihre PIN?", context: []}
    output: asks
    language: de
  - inputs: {text: "Your balance is twelve pounds.", context: [{speaker: caller, text: "And my balance?"}]}
    output: tells
    language: en
  - inputs: {text: "Mhm.", context: []}
    output: "no"
---
=== system ===
Name what the agent does.
=== user ===
{% for turn in context %}
{{ turn.speaker }}: {{ turn.text }}
{% endfor %}
agent: {{ text }}
"""

Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "prompts"
    made.mkdir()
    return made


@pytest.fixture
def write(folder: Path) -> Write:
    """Writes a version of the template; `changes` are replacements in its text."""

    def write_version(version: int = 1, *changes: tuple[str, str]) -> Path:
        text = TEMPLATE.replace("version: 1", f"version: {version}")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = folder / "agent-act" / f"{version}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_version
