"""A gate's result as JUnit XML, failures and errors apart, as CI systems show it."""

import re
from xml.etree import ElementTree as Xml

from ausweis.evals.gate import Gate, GateCheck

__all__ = ["junit"]

_TAG = {"failed": "failure", "error": "error"}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 allows nowhere, not even as a reference (section 2.2)."""


def junit(gate: Gate) -> str:
    """Two suites: the numbers, and a test case for each golden call. A character that XML forbids is named instead."""
    root = Xml.Element("testsuites", name="ausweis eval gate")
    for name, checks in (("numbers", gate.checks), ("calls", gate.cases)):
        _suite(root, name, checks)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: Xml.Element, name: str, checks: tuple[GateCheck, ...]) -> None:
    suite = Xml.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(checks)),
        failures=str(sum(check.state == "failed" for check in checks)),
        errors=str(sum(check.state == "error" for check in checks)),
    )
    for check in checks:
        case = Xml.SubElement(suite, "testcase", classname=f"ausweis.{name}", name=_allowed(check.name))
        if check.state in _TAG:
            Xml.SubElement(case, _TAG[check.state], message=_allowed(check.message))


def _allowed(text: str) -> str:
    return _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
