"""The rule: every template comes to an end, within bounds of steps and characters, or one sentence says where and what.

Whatever it holds, it is never a traceback, and needs no long time and no much memory.
"""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.prompts.conftest import Write

from ausweis.cli import main
from ausweis.errors import PromptError
from ausweis.prompts import Template, default_library, lint_file, render
from ausweis.prompts.render import MAX_CHARACTERS

INPUTS = {"text": "Einen Moment.", "context": [{"speaker": "caller", "text": "Ja?"}]}
TEN = "{% set x = 'aaaaaaaaaa' %}"
LONG = TEN + "{% set x = x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x %}" * 4  # 100,000 characters
MANY = "{% set x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] %}" + "{% set x = x + x + x + x + x + x + x + x + x + x %}" * 4

ENDLESS = {
    "loops over the text": "{% for a in text %}" * 10 + "{% endfor %}" * 10,
    "loops over a constant": "{% for a in 'aaaaaaaaaaaaaaaaaaaaaaaaaaa' %}" * 8 + "x" + "{% endfor %}" * 8,
    "loops with else": "{% for a in 'aaaaaaaaaaaaaaaaaaaaaaaaaaa' %}" * 8 + "{% else %}x" + "{% endfor %}" * 8,
    "loops over a long text": LONG + "{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}",
    "loops that write nothing": LONG + "{% for a in x %}{{ '' }}{% for b in x if b == a %}{% endfor %}{% endfor %}",
    "loop that prints": LONG + "{% for a in x %}{{ x }}{% endfor %}",
    "loop with much text": LONG + "{% for a in x %}" + "words " * 5000 + "{% endfor %}",
    "loop with a large body": LONG + "{% for a in x %}" + "{% if text %}{% endif %}" * 1000 + "{% endfor %}",
    "loop that compares": LONG
    + "{% set y = x[1:] ~ 'b' %}{% for a in x %}{% for b in x %}{% if x == y %}{% endif %}{% endfor %}{% endfor %}",
    "loop that looks for": MANY + "{% for a in x %}{{ 11 in x }}{% endfor %}",
    "loop that tests for": MANY + "{% for a in x %}{% if 11 is in x %}{% endif %}{% endfor %}",
    "loop of filters": LONG + "{% for a in x %}{% if x | upper | lower | line %}{% endif %}{% endfor %}",
    "many filters": LONG + "{% set x = x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x %}" + "{% if x | line %}{% endif %}" * 1000,
    "loop of slices": LONG + "{% for a in x %}{% if x[1:] %}{% endif %}{% endfor %}",
    "text twice each time": TEN + "{% set x = x ~ x %}" * 60 + "{{ x }}",
    "text plus text": TEN + "{% set x = x + x %}" * 60 + "{{ x }}",
    "list plus list": "{% set x = [1] %}" + "{% set x = x + x %}" * 60 + "{{ x | length }}",
    "a list of lists": TEN + "{% set x = [x, x] %}" * 60 + "{{ x }}",
    "lists of lists compared": "{% set x = [1] %}{% set y = [1] %}"
    + "{% set x = [x, x] %}{% set y = [y, y] %}" * 40
    + "{{ x == y }}",
    "tuples as key": "{% set x = (1, 2) %}" + "{% set x = (x, x) %}" * 60 + "{{ context[0][x] is defined }}",
    "one text many times": LONG + "{{ " + "x ~ " * 4000 + "'' }}",
    "a list of one text many times": LONG + "{{ [" + "x, " * 4000 + "] | upper | length }}",
    "a list of one text joined": LONG + "{{ [" + "x, " * 4000 + "] | join | length }}",
    "replacing": TEN + "{% set x = x | replace('a', x) %}" * 8 + "{{ x | length }}",
    "replacing what is nothing": LONG + "{{ x | replace('', x) | length }}",
    "replacing in a constant": "{{ 'a'" + " | replace('a', 'aaaaaaaaaaaaaaaaaaaa')" * 20 + " }}",
    "joining": LONG + "{{ x | join(x) | length }}",
    "trimming": LONG + "{% set y = x | replace('a', 'b') ~ 'a' %}{{ x | trim(y) | length }}",
    "rounding up": "{{ 1 | round(999999999, 'ceil') }}",
    "rounding down": "{{ 1 | round(-999999999) }}",
    "a long template": "word " * 30_000 + "{% for a in 'aaaaaaaaaaaaaaaaaaaa' %}" + "word " * 30_000 + "{% endfor %}",
}

REFUSED = {
    "ranges": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "times": "{{ 'a' * 1000000000 }}",
    "power": "{{ 9 ** 9 ** 9 ** 9 }}",
    "percent": "{{ '%999999999d' % 1 }}",
    "unknown filter": "{{ 'a' | center(1000000000) }}",
    "format": "{{ '%999999999d' | format(1) }}",
    "macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "recursive loop": "{% for a in text recursive %}x{% endfor %}",
    "autoescape": "{% autoescape true %}{{ text }}{% endautoescape %}",
    "digits": "{{ " + "9" * 5000 + " }}",
    "digits of another base": "{{ 0x" + "f" * 50000 + " }}",
    "brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "lists": "{{ " + "[" * 150 + "1" + "]" * 150 + " }}",
    "lists that are not too deep for Python": "{{ " + "[" * 60 + "1" + "]" * 60 + " }}",
    "not": "{{ " + "not " * 5000 + "1 }}",
    "minus": "{{ " + "-" * 300 + "text }}",
    "sum": "{{ " + "text + " * 2000 + "text }}",
    "and": "{{ " + "text and " * 2000 + "text }}",
    "filters": "{{ text" + " | upper" * 2000 + " }}",
    "attributes": "{{ text" + ".a" * 2000 + " }}",
    "either or": "{{ " + "1 if text else " * 2000 + "2 }}",
    "loops in loops": "{% for a in text %}" * 25 + "{% endfor %}" * 25,
    "ifs in ifs": "{% if text %}" * 2000 + "{% endif %}" * 2000,
    "too many parts": "{{ text }}" * 5000,
    "an argument twice": "{{ text | join(d='a', d='b') }}",
    "a slice among others": "{{ text[1:2, 3] }}",
    "marks": "{{" * 5000,
    "an open mark": "{{ text",
    "an open comment": "{# text",
    "an open loop": "{% for a in text %}",
    "nothing": "{{ }}",
    "no character": "{{ '\\U99999999' }}",
    "no name of a character": "{{ '\\N{none}' }}",
    "unknown test": "{{ text is good }}",
    "block": "{% block a %}{% block a %}{% endblock %}{% endblock %}",
    "call": "{% call f() %}{% endcall %}",
    "with": "{% with a = text %}{{ a }}{% endwith %}",
    "namespace": "{% set ns.x = 1 %}",
    "keyword list": "{{ text | join(**context) }}",
}


@pytest.fixture
def _less_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "MAX_SECONDS", 0.3)


def message_of(error: PromptError, path: Path) -> str:
    assert str(error).startswith(f"{path}:")
    assert "\n" not in str(error)
    return error.message


@pytest.mark.usefixtures("_less_time")
@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_template_that_asks_for_too_much_is_stopped(write: Write, body: str) -> None:
    path = write(1, ("agent: {{ text }}", body))
    with pytest.raises(PromptError) as caught:
        Template.load(path).render(INPUTS)
    assert "more than" in message_of(caught.value, path)


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_a_template_that_cannot_be_used_is_not_loaded(write: Write, body: str) -> None:
    path = write(1, ("agent: {{ text }}", body))
    with pytest.raises(PromptError) as caught:
        Template.load(path)
    message_of(caught.value, path)
    assert next(problem.place for problem in lint_file(path)) == caught.value.place


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{% for one in context %}{{ loop.index }}/{{ loop.length }} {{ one.text }}{% endfor %}", "1/1 Ja?"),
        ("{% for a, b in context[0] | items %}{{ a }}={{ b }};{% endfor %}", "speaker=caller;text=Ja?;"),
        ("{% set all = context | join(', ', attribute='text') %}{{ all ~ '|' ~ text[:5] }}", "Ja?|Einen"),
        ("{{ text | replace('e', 'x') | replace('M', 'm', 1) | trim('.') | upper }}", "EINXN MOMXNT"),
        ("{{ 2.346 | round(1) }} {{ (text | length + 1) - 2 }} {{ -1 }}", "2.3 12 -1"),
        ("{% if 'Mom' in text and text != 'x' and context[0].speaker is eq('caller') %}yes{% endif %}", "yes"),
        ("{{ mood if mood is defined else 'none' }} {{ context[0] | items | join(attribute=0) }}", "none speakertext"),
        ("{% for one in context if one.speaker == 'agent' %}x{% else %}nobody{% endfor %}", "nobody"),
    ],
)
def test_what_a_template_may_use_works_as_before(write: Write, body: str, text: str) -> None:
    content = Template.load(write(1, ("agent: {{ text }}", body))).render(INPUTS)[-1].content
    assert content.splitlines()[-1] == text


def test_a_call_of_eight_hours_is_within_the_bounds() -> None:
    lines = [{"speaker": "agent", "text": "w" * 70}] * 10_000
    content = default_library().get("transcript").render({"lines": lines})[-1].content
    assert len(content) < MAX_CHARACTERS
    assert content.count("\n") == 9_999


@pytest.mark.usefixtures("_less_time")
def test_all_examples_of_a_template_share_the_bounds(write: Write) -> None:
    example = '  - inputs: {text: "Mhm.", context: []}\n    output: "no"\n'
    body = TEN + "".join(f"{{% for {name} in x %}}" for name in "abcd") + "{% endfor %}" * 4
    path = write(1, (example, example * 500), ("agent: {{ text }}", body + "{{ text }}"))
    with pytest.raises(PromptError, match="more than"):
        Template.load(path).render(INPUTS)
    assert sum("more than" in problem.message for problem in lint_file(path)) == 1


PIECES = ["{{", "}}", "{%", "%}", "{#", "for a in text", "endfor", "(", "[", "'", "|", "~", "set x = ", "9", "\\", ":"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.randoms(use_true_random=False), number=st.integers(1, 5))
def test_a_template_with_any_damage(write: Write, seed: random.Random, number: int) -> None:
    path = write()
    text = path.read_text(encoding="utf-8")
    for _ in range(number):
        place = seed.randrange(len(text))
        text = text[:place] + seed.choice(PIECES) + text[place + seed.randrange(9) :]
    path.write_text(text, encoding="utf-8")
    lint_file(path)
    said = str(path)
    try:
        Template.load(path).render(INPUTS)
    except PromptError as error:
        said = str(error)
    assert said.startswith(str(path))
    assert "\n" not in said


def test_the_command_says_it_in_one_line(write: Write, capfd: pytest.CaptureFixture[str]) -> None:
    for body in (ENDLESS["a list of lists"], REFUSED["digits"]):
        path = write(1, ("agent: {{ text }}", body))
        with pytest.raises(SystemExit) as caught:
            main(["prompts", "show", str(path)])
        assert caught.value.code == 2
        error = capfd.readouterr().err
        assert error.startswith(f"ausweis: {path}:28: ")
        assert error.count("\n") == 1
