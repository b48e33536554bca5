"""Scripts of labelled calls: what they say, and what is wrong with one."""

import pytest
from evals.tools.write_calls import labelled_of

from ausweis.errors import InputError

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
        (script(turns="A: Hallo. {gives hat}"), "at"),
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
