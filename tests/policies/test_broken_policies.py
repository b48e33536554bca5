"""The rule: whatever a policy file holds, it is a policy, or one sentence says where and what; never a traceback."""

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ausweis.cli import main
from ausweis.errors import AusweisError
from ausweis.policies import check_policy, find_policy

GOOD = (files("ausweis.policies") / "bank-en.yaml").read_text(encoding="utf-8")
VALUES = ["[a]", "[[a]]", "{a: b}", "{a: {b: c}}", "5", "~", "true", ".nan", "-.inf", "2025-01-01", "9" * 4000, '"\\0"']
KEYS = ["id", "version", "title", "language", "factors", "levels", "actions", "third_party", "severity"]
NUMBERS = ["attempts", "expected_violations", "name_required", "incidents"]
INSIDE = [
    "third_party: {accept: {a: b}}",
    "severity: {factor_leaked: [a]}",
    "severity: {factor_leaked: .nan}",
    "incidents: [[a]]",
    "incidents: [{kind: [a], severity: {}}]",
    "incidents: [{kind: cancel_threat, severity: 2025-01-01}]",
    "incidents: [{id: a, description: [b], severity: low}]",
    "incidents: {0: a}",
]


def what_is_said(path: Path) -> str:
    """Nothing for a good policy."""
    try:
        find_policy(path)
    except AusweisError as error:
        return str(error)
    return ""


def is_refused(path: Path) -> bool:
    said = what_is_said(path)
    return said.startswith(f"{path}") and "\n" not in said and len(said) < 1000


def with_key(key: str, value: str) -> str:
    kept = [line for line in GOOD.splitlines() if not line.startswith(f"{key}:")]
    return "\n".join([f"{key}: {value}", *(f"#{line}" if line.startswith(" ") else line for line in kept)])


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("key", [*KEYS, *NUMBERS])
def test_a_value_of_the_wrong_kind(tmp_path: Path, key: str, value: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(with_key(key, value), encoding="utf-8")
    assert is_refused(path)


@pytest.mark.parametrize("line", INSIDE)
def test_a_part_of_the_wrong_kind(tmp_path: Path, line: str) -> None:
    path = tmp_path / "mine.yaml"
    kept = [one for one in GOOD.splitlines() if not one.startswith(line.partition(":")[0])]
    path.write_text("\n".join([line, *kept]), encoding="utf-8")
    assert is_refused(path)


PIECES = [
    "[",
    "{",
    "}",
    ":",
    "\t",
    "- ",
    "? ",
    "*a",
    "&a ",
    "<<: *a",
    "!!int ",
    "'",
    '"',
    "|",
    "\n",
    "~",
    ".nan",
    "9",
    "%",
]
CHANGES = st.lists(
    st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 30), st.sampled_from([*PIECES, ""])), min_size=1, max_size=4
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_a_policy_with_any_damage(tmp_path: Path, changes: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for place, cut, piece in changes:
        text = text[:place] + piece + text[place + cut :]
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    problems = []
    try:
        problems = check_policy(path)
    except AusweisError:
        return
    assert is_refused(path) if problems else not what_is_said(path)
    assert all(1 <= problem.line <= text.count("\n") + 1 for problem in problems)


def test_the_command_says_it_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("a: 1\nb: &b {<<: *b}\n", encoding="utf-8")
    for command in (["policies", "show", str(path)], ["policies", "explain", str(path)]):
        with pytest.raises(SystemExit) as caught:
            main(command)
        assert caught.value.code == 2
        said = capfd.readouterr().err
        assert said.startswith(f"ausweis: {path}:2: no valid YAML")
        assert said.count("\n") == 1
