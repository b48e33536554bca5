"""Scripts of labelled calls: what they say, and what is wrong with one."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from evals.lab.write_calls import labelled_of, main

from ausweis.errors import InputError, PolicyError
from ausweis.evals.validate import validate
from ausweis.labelled import gold_facts, read_labelled

HEAD = """policy: telecom-de
language: de
outcome: {outcome}
violations: {violations}
title: Rechnung erklärt
why: It is so.
"""
TURNS = """
A: Guten Tag. Ihre Telefon-PIN, bitte? {asks pin}
C: Wendt, die vier sieben eins eins. {gives name, gives pin}

A: Es sind 30 Euro. {discloses financial_data}
"""


def script(outcome: str = "compliant", violations: str = "none", turns: str = TURNS) -> str:
    return HEAD.format(outcome=outcome, violations=violations) + turns


def test_a_script_is_a_labelled_call() -> None:
    labelled, problems = labelled_of(script(), "pass-01", "pass")
    assert problems == []
    assert [turn.text for turn in labelled.call.turns][1:] == ["Wendt, die vier sieben eins eins.", "Es sind 30 Euro."]
    assert [(one.turn, one.kind, one.subject) for one in labelled.gold.events] == [
        (1, "asks", "pin"), (2, "gives", "name"), (2, "gives", "pin"), (3, "discloses", "financial_data")
    ]  # fmt: skip
    assert labelled.gold.writing_pass == "pass"


def test_the_rules_find_the_turns_of_violations() -> None:
    late = TURNS.replace(" {gives name, gives pin}", " {gives name}")
    labelled, problems = labelled_of(script("violation", "no_authentication", late), "pass-01")
    assert problems == []
    assert [(one.type, one.turn) for one in labelled.gold.violations] == [("no_authentication", 3)]
    assert labelled.gold.first_violation_turn == 3


def test_an_author_and_the_rules_who_differ_are_told() -> None:
    _, problems = labelled_of(script("violation", "late_authentication"), "pass-01")
    assert any("the head says late_authentication, the rules make none" in one for one in problems)
    assert any(one.startswith("outcome: the label says violation, the rules make compliant") for one in problems)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (script(turns="A: Hallo. {dances}"), r"at gold\.events\[1\]\.kind"),
        (script(turns="A: Hallo. {gives Hat}"), "at"),
        (script(turns="A: Hallo.\nB: Wer?"), "neither with A: nor with C:"),
        (script(turns="A: {asks pin}"), "a turn without words"),
        (script(turns="C: 4711 {gives pin"), "a brace stands among the words"),
        (script().replace("title:", "tittle:"), "no word of the head"),
        (TURNS, "the head lacks language, outcome"),
    ],
)
def test_what_is_no_script(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        labelled_of(text, "pass-01")


POLICY = """id: hafen-de
version: "1"
title: Hafen
language: de
factors:
  berth_number: {description: Die Nummer des Liegeplatzes., strength: weak, looks_like: letters}
levels: {standard: {any_of: [[berth_number]]}}
actions: {disclosure: {berth_data: {level: standard, description: Der Agent sagt welches Boot wo liegt.}}}
name_required: false
"""
HARBOUR = """policy: hafen-de
language: de
outcome: compliant
violations: none
title: Wo das Boot liegt
why: The berth is named before the boat is.
scenario: twin
twin: hafen-02

A: Der Liegeplatz? {asks berth_number}
C: Wendt, B siebzehn. {gives name, gives berth_number}
A: Da liegt die Möwe. {discloses berth_data}
"""


def test_own_words_of_a_policy_in_a_folder_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="hafen-de: neither a policy that ships nor a file"):
        labelled_of(HARBOUR, "x-01", "x", tmp_path)
    (tmp_path / "hafen-de.yaml").write_text(POLICY, encoding="utf-8")
    labelled, problems = labelled_of(HARBOUR, "x-01", "x", tmp_path)
    assert (problems, labelled.gold.twin) == ([], "x-hafen-02")
    assert [word.id for word in gold_facts(labelled).asked_words] == ["berth_number", "berth_data"]
    _, problems = labelled_of(HARBOUR.replace("gives berth_number", "gives berth"), "x-01", "x", tmp_path)
    assert problems[0] == "gives berth: turn 2 names what the policy hafen-de does not know"


def test_a_twin_that_is_not_among_the_scripts_is_left_out(tmp_path: Path) -> None:
    calls = tmp_path / "x1" / "calls"
    calls.mkdir(parents=True)
    (calls.parent / "policies").mkdir()
    (calls.parent / "policies" / "hafen-de.yaml").write_text(POLICY, encoding="utf-8")
    (calls / "hafen-01.txt").write_text(HARBOUR, encoding="utf-8")
    late = (
        HARBOUR.replace("compliant", "violation").replace("none", "no_authentication").replace("hafen-02", "hafen-01")
    )
    late = late.replace("B siebzehn. {gives name, gives berth_number}", "weiß ich nicht. {gives name}")
    written = []
    for twin in (late.replace("no_auth", "late_auth"), late):
        (calls / "hafen-02.txt").write_text(twin, encoding="utf-8")
        arguments = [*map(str, sorted(calls.iterdir())), "--policies", str(calls.parent / "policies")]
        done = CliRunner().invoke(main, [*arguments, "--out", str(calls.parent / "out.jsonl")])
        written.append((done.exit_code, len(list(read_labelled(calls.parent / "out.jsonl")))))
    assert written == [(1, 0), (0, 2)]
    (first, second) = read_labelled(calls.parent / "out.jsonl")
    assert (first.call.id, second.gold.twin) == ("x1-hafen-01", "x1-hafen-01")
    assert list(validate([first, second])) == []
