"""Sentences about a number: none, one and two, as each language says them; errors by their code; levels by name."""

import ast
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

import ausweis
from ausweis.errors import NoCallError, StoreError
from ausweis.views.words import Words, table
from ausweis.vocabulary import LEVELS, SEVERITIES, Language, name_of

BOTH: tuple[Language, ...] = get_args(Language)
SOURCE = Path(ausweis.__file__).parent


def test_one_call_is_not_1_calls() -> None:
    de, en = Words("de"), Words("en")
    assert [de.count("sample_new", number) for number in (0, 1, 2, 1234)] == [
        "An diesen Tagen gibt es keinen Anruf mehr, der gezogen werden könnte.",
        "1 Anruf gezogen.",
        "2 Anrufe gezogen.",
        "1.234 Anrufe gezogen.",
    ]
    assert [en.count("turns", number) for number in (0, 1, 2)] == ["0 turns", "1 turn", "2 turns"]
    assert [de.count("turns", number) for number in (0, 1, 2)] == [
        "0 Redebeiträge",
        "1 Redebeitrag",
        "2 Redebeiträge",
    ]


@pytest.mark.parametrize("language", BOTH)
def test_a_number_stands_before_a_plural_only_where_there_is_a_singular(language: Language) -> None:
    texts = table(language, "texts")
    plural = re.compile(r"\{\w+\} (?:weitere |other |drawn |gezogenen? )?(?:Anrufe?n?|Tagen?|Turns|calls|days|turns)\b")
    alone = {key for key, text in texts.items() if plural.search(text) and f"{key}_1" not in texts}
    # These are about several always; any other is put so that no number stands before a noun, or has `KEY_1` beside it.
    assert alone <= {"kind_days", "compared_none", "compared_few", "trend_note", "trend_label", "change", "shown"} | {
        "sample_left",
        "last_days",
        "looked_in",
    }


@pytest.mark.parametrize("language", BOTH)
def test_every_error_that_has_a_code_says_so_in_both_languages(language: Language) -> None:
    errors = table(language, "errors")
    codes = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                codes.add(node.value)
    told = {key for key in errors if not key.startswith(("http_", "store_"))}
    assert told - codes == set()
    assert {"verdict_changed", "same_label", "sample_wrong", "call_gone"} <= told


@pytest.mark.parametrize("language", BOTH)
def test_a_fault_that_has_no_words_of_its_own_is_told_without_those_of_the_terminal(language: Language) -> None:
    words = Words(language)
    fault = StoreError("the store cannot be used: disk I/O error", place="/srv/calls.sqlite", code="store_other")
    assert words.error(fault) == table(language, "errors")["store_other"]
    assert words.error(StoreError("…", code="store_locked")) == table(language, "errors")["store_locked"]
    assert words.error(NoCallError("there is no such call")) == table(language, "errors")["call_gone"]
    long = StoreError("…", code="note_wrong", most=2000)
    assert ("2.000" if language == "de" else "2,000") in words.error(long)
    wrong = StoreError("…", code="turns_wrong", type="no_authentication")
    assert words.capital(words.word("no_authentication")) in words.error(wrong)


@pytest.mark.parametrize("language", BOTH)
def test_every_status_that_the_server_gives_has_a_sentence(language: Language) -> None:
    code = "\n".join(
        file.read_text(encoding="utf-8") for file in (files("ausweis.serve")).iterdir() if file.name.endswith(".py")
    )
    given = set(map(int, re.findall(r"HTTPException\((\d{3})", code))) | {400, 403, 404, 405, 411, 413, 421, 500}
    words = Words(language)
    assert all(f"http_{status}" in table(language, "errors") for status in given)
    assert words.status(418) == words.status(500)


def test_levels_that_ship_have_names_and_others_keep_theirs() -> None:
    de = Words("de")
    assert {level: de.level(level) for level in LEVELS} == {"standard": "Standard", "elevated": "erhöht"}
    assert de.level("vier_augen") == "vier_augen"


@pytest.mark.parametrize("language", BOTH)
def test_severities_have_names(language: Language) -> None:
    names = [name_of(severity, language) for severity in SEVERITIES]
    assert len(set(names)) == len(SEVERITIES)
    assert (names == list(SEVERITIES)) == (language == "en")


def test_a_moment_is_by_the_clock_of_this_machine() -> None:
    here = datetime(2026, 3, 2, 8, 15, tzinfo=UTC).astimezone()
    assert Words("de").moment("2026-03-02T08:15:00Z") == f"{here.day}. März 2026, {here:%H:%M}"
    assert Words("en").moment("2026-03-02T08:15:00Z") == f"{here.day} Mar 2026, {here:%H:%M}"


def test_what_the_desk_refuses_has_a_code() -> None:
    """Messages are for the terminal: pages take their words from the code."""
    bare = []
    for path in (SOURCE / "serve").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "StoreError"
            if named and not {"code", "place"} & {word.arg for word in node.keywords} and path.name != "app.py":  # type: ignore[attr-defined]
                bare.append(f"{path.name}:{node.lineno}")  # type: ignore[attr-defined]
    assert bare == []
