"""The comment on a pull request: a table that no id or message can break or act in."""

import html
import re
from xml.etree import ElementTree as Xml

import pytest
from tests.pages.gates import HOSTILE, gate_of

from ausweis.evals.gate import GateCheck, State
from ausweis.pages.compare_page import SHOWN
from ausweis.pages.gate_report import gate_markdown, junit


def rows(text: str) -> list[list[str]]:
    return [line[2:-2].split(" | ") for line in text.splitlines() if line.startswith("| ")]


def test_what_stopped_it_is_named() -> None:
    text = gate_markdown(gate_of("wrong"))
    assert text.startswith("## Ausweis eval gate: failed\n")
    assert ["❌", "`wrong`", "must pass"] in rows(text)
    assert ["⚠️", "`gone`", "is in the baseline, but not in the run"] in rows(text)
    assert any(row[:4] == ["`wrong`", "`violation`", "`violation`", "`compliant`"] for row in rows(text))
    assert "fine" not in text
    assert "1 calls only after: `" in text


def test_what_differs_and_what_was_not_tested_is_said() -> None:
    checks = tuple(GateCheck(name=f"drop: {s}", state=s, message="few") for s in ("undecided", "skipped"))
    found = gate_of("w").model_copy(update={"checks": checks, "cases": (), "differs": ("model: a before, b now",)})
    lines = gate_markdown(found).splitlines()
    assert lines[:3] == ["## Ausweis eval gate: undecided", "", "Differs from the baseline: model: a before, b now."]
    assert {"| ❔ | drop: undecided | few |", "| ➖ | drop: skipped | few |"} <= set(lines)
    assert "Differs from the baseline: nothing." in gate_markdown(gate_of("w"))


@pytest.mark.parametrize("sign", ["|", "`", "<", ">", "*", "[", "]", "\\", "\n", "\x00", "\x1b", "@everyone", "://"])
def test_no_sign_of_an_id_or_message_acts(sign: str) -> None:
    plain, hostile = gate_markdown(gate_of("wrong")), gate_markdown(gate_of(f"wr{sign}ong", message=f"must{sign}pass"))
    assert len(hostile.splitlines()) == len(plain.splitlines())
    assert [line.count("|") for line in hostile.splitlines()] == [line.count("|") for line in plain.splitlines()]
    changed = [re.sub("`(violation|compliant)`", "", line) for line in hostile.splitlines() if line not in plain]
    assert not any(
        sign in line.replace("<code>", "").replace("</code>", "").strip("| ") for line in changed if sign != "|"
    )


def test_a_hostile_id_can_be_read() -> None:
    row = next(row for row in rows(gate_markdown(gate_of(HOSTILE))) if row[-1] == "must pass")
    shown = html.unescape(row[1].removeprefix("<code>").removesuffix("</code>"))
    assert shown == "a|b`c\\| </code><script>\ufffe @\u2060everyone [x](http://x) *y* ]]> & \"'"


def test_long_lists_are_cut() -> None:
    text = gate_markdown(gate_of(*(f"call-{number}" for number in range(SHOWN + 5))))
    assert text.count("`call-") == SHOWN + 1
    assert "| | and 6 more calls | |" in text


def test_failures_and_errors_are_counted_apart() -> None:
    text = junit(gate_of("wrong"))
    assert text.startswith("<?xml version='1.0' encoding='utf-8'?>\n")
    numbers, calls = Xml.fromstring(text)
    assert (numbers.attrib["tests"], numbers.attrib["failures"], numbers.attrib["errors"]) == ("2", "1", "0")
    assert (calls.attrib["tests"], calls.attrib["failures"], calls.attrib["errors"]) == ("3", "1", "1")
    assert [[child.tag for child in case] for case in calls] == [[], ["failure"], ["error"]]


def test_what_was_not_tested_is_skipped_and_each_worse_call_a_failure_unless_the_gate_passes() -> None:
    states: tuple[State, ...] = ("passed", "undecided", "skipped")
    checks = tuple(GateCheck(name=state, state=state, message="few") for state in states)
    worse = (GateCheck(name="w", state="worse", message="was right"),)
    undecided = gate_of("w").model_copy(update={"checks": checks, "cases": worse})
    numbers, calls = Xml.fromstring(junit(undecided))
    assert [[child.tag for child in case] for case in numbers] == [[], ["skipped"], ["skipped"]]
    assert (numbers.attrib["skipped"], numbers[1][0].attrib["message"]) == ("2", "undecided: few")
    assert (calls.attrib["failures"], calls[0][0].tag) == ("1", "failure")
    passed = undecided.model_copy(update={"checks": (checks[0], checks[2])})
    calls = Xml.fromstring(junit(passed))[1]
    assert (calls.attrib["failures"], calls[0][0].tag, calls[0][0].text) == ("0", "system-out", "was right")


def test_hostile_words_come_out_as_they_went_in() -> None:
    case = Xml.fromstring(junit(gate_of(HOSTILE, message=HOSTILE)))[1][1]
    shown = HOSTILE.replace("\x00", "\\u0000").replace("\x1b", "\\u001b").replace("\ufffe", "\\ufffe")
    assert case.attrib["name"] == shown
    assert case[0].attrib["message"] == shown


@pytest.mark.parametrize("sign", ["\x01", "\x0b", "\x1f", "\ud800", "\uffff"])
def test_what_xml_forbids_is_named(sign: str) -> None:
    text = junit(gate_of(f"call{sign}"))
    assert Xml.fromstring(text.encode())[1][1].attrib["name"] == f"call\\u{ord(sign):04x}"
