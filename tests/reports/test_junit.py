"""JUnit XML of a gate: well-formed whatever ids and messages hold."""

from xml.etree import ElementTree as Xml

import pytest
from tests.reports.gates import HOSTILE, gate_of

from ausweis.evals.gate import GateCheck, State
from ausweis.reports.junit import junit


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
