"""A gate's result as Markdown for a pull request, and as JUnit XML for CI."""

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from ausweis.evals.gate import Gate, GateCheck
from ausweis.pages.compare_page import SHOWN, changes_markdown
from ausweis.pages.markup import cell, code

_MARK = {"passed": "✅", "failed": "❌", "error": "⚠️", "undecided": "❔", "skipped": "➖"}


def gate_markdown(gate: Gate) -> str:
    """Heading, what differs, numbers, calls that stopped it, calls that changed. It quotes no call.

    Ids and messages may hold anything (a pipe, a link, somebody's @name): they are shown, and do nothing.
    """
    return "\n".join(_lines(gate)) + "\n"


def _lines(gate: Gate) -> Iterator[str]:
    yield f"## Ausweis eval gate: {gate.verdict}"
    yield ""
    yield f"Differs from the baseline: {'; '.join(map(cell, gate.differs)) or 'nothing'}."
    yield ""
    yield "| | check | result |"
    yield "|---|---|---|"
    for check in gate.checks:
        yield f"| {_MARK[check.state]} | {cell(check.name)} | {cell(check.message)} |"
    for check in gate.stopped[:SHOWN]:
        yield f"| {_MARK[check.state]} | {code(check.name)} | {cell(check.message)} |"
    if len(gate.stopped) > SHOWN:
        yield f"| | and {len(gate.stopped) - SHOWN} more calls | |"
    yield ""
    yield from changes_markdown(gate.comparison)


_TAG = {"failed": "failure", "error": "error", "undecided": "skipped", "skipped": "skipped"}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 allows nowhere, not even as a reference (section 2.2)."""


def junit(gate: Gate) -> str:
    """Two suites: the numbers, and a test case for each golden call. A character that XML forbids is named instead.

    A call that got worse is a failure where the gate does not pass; where it does, its case says so, and passes too.
    """
    root = Xml.Element("testsuites", name="ausweis eval gate")
    for name, checks in (("numbers", gate.checks), ("calls", gate.cases)):
        _suite(root, name, checks, {**_TAG, "worse": "system-out" if gate.verdict == "passed" else "failure"})
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: Xml.Element, name: str, checks: tuple[GateCheck, ...], tags: dict[str, str]) -> None:
    counts = Counter(tags.get(check.state) for check in checks)
    counted = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    numbers = {key: str(counts[tag]) for key, tag in counted.items()}
    suite = Xml.SubElement(root, "testsuite", {"name": name, "tests": str(len(checks)), **numbers})
    for check in checks:
        case = Xml.SubElement(suite, "testcase", classname=f"ausweis.{name}", name=_allowed(check.name))
        tag = tags.get(check.state)
        if tag == "system-out":
            Xml.SubElement(case, tag).text = _allowed(check.message)
        elif tag is not None:
            said = f"undecided: {check.message}" if check.state == "undecided" else check.message
            Xml.SubElement(case, tag, message=_allowed(said))


def _allowed(text: str) -> str:
    return _NOT_IN_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
