"""The words of the pages: each language says the same things, each sentence once, and none that nobody shows."""

import ast
import re
from collections import Counter
from datetime import UTC, date, datetime
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

import ausweis
from ausweis.errors import NoCallError, StoreError
from ausweis.facts import EventKind
from ausweis.judging.review import SURE
from ausweis.pages.words import Glossary, Words, clock, table, term_of
from ausweis.serve.question import FINDINGS, SHOWN
from ausweis.serve.settings import SECTIONS
from ausweis.store import Choice, RejectionReason, Role, Ruling, State
from ausweis.store.rows import What
from ausweis.vocabulary import (
    CALLERS,
    CATEGORIES,
    CHECKS,
    FACTORS,
    INCIDENTS,
    LEVELS,
    OUTCOMES,
    SEVERITIES,
    VIOLATIONS,
    FactorStatus,
    Language,
    OwnWord,
    name_of,
    with_own,
)

BOTH: tuple[Language, ...] = get_args(Language)
_COUNTED = re.compile(r"\bcount\([\"']([a-z_0-9]+)[\"'], ")
_ASKED = re.compile(r"\b(?:t|text)\(\s*f?[\"']([a-z_0-9]+)[\"']")
_QUOTED = re.compile(r"[\"']([a-z_0-9]+)[\"']")


def sources() -> str:
    """The code and templates of all pages."""
    folders = [
        folder
        for package in ("ausweis.pages", "ausweis.pages", "ausweis.serve")
        for folder in (files(package), files(package) / "templates")
        if folder.is_dir()
    ]
    found = chain.from_iterable(folder.iterdir() for folder in folders)
    return "\n".join(file.read_text(encoding="utf-8") for file in found if file.name.endswith((".j2", ".py")))


@pytest.mark.parametrize("name", ["words", "texts"])
def test_both_languages_say_the_same_things(name: str) -> None:
    german, english = table("de", name), table("en", name)
    assert list(german) == list(english)
    for key, text in german.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", english[key])), key


# Keys that are made of a beginning and a word of one of the lists: `t("view_" ~ name)`.
MADE = {
    "count_": ("reported", *FINDINGS),
    "log_": get_args(What),
    "reason_": get_args(RejectionReason),
    "role_": get_args(Role),
    "ruling_": get_args(Ruling),
    "settings_": SECTIONS,
    "team_make_": get_args(Role),
    "view_": [show for show in SHOWN if show != "sample"],
}


def test_every_sentence_that_is_asked_for_is_there() -> None:
    asked = {*_ASKED.findall(sources()), *_COUNTED.findall(sources())} - MADE.keys()
    asked |= {beginning + word for beginning, some in MADE.items() for word in some}
    assert len(asked) > 100
    assert asked - table("en", "texts").keys() == set()


def test_no_sentence_is_there_that_nothing_asks_for() -> None:
    made = tuple("advice_ period_ instead_ name_ empty_ by_ recall_ sum_ all_of_ waits_ assigned_".split())
    made += (*MADE, "column_", "no_calls_days", "known_days", "sheet_calls", "sheet_findings")
    # Of sentences about a number, `Words.count` adds what makes the singular.
    keys = {re.sub("_[01]$", "", key) for key in table("en", "texts")}
    unused = keys - set(_QUOTED.findall(sources()))
    assert {key for key in unused if not key.startswith(made)} == set()


@pytest.mark.parametrize("language", BOTH)
def test_no_sentence_stands_twice(language: Language) -> None:
    sentences = Counter(text for text in table(language, "texts").values() if text.count(" ") > 2)
    assert [text for text, count in sentences.items() if count > 1] == []


@pytest.mark.parametrize("language", BOTH)
def test_every_word_of_the_domain_has_words(language: Language) -> None:
    words = Words(language)
    lists = (CALLERS, CATEGORIES, CHECKS, FACTORS, INCIDENTS, OUTCOMES, SEVERITIES, VIOLATIONS)
    more = (get_args(State), get_args(Choice), get_args(EventKind))
    for word in chain(*lists, *more):
        assert "_" not in words.word(word)
        assert language == "en" or words.word(word) != word.replace("_", " ") or word == "pin", word
    assert words.word("a_kind_of_our_own") == "a kind of our own"


def test_numbers_are_written_as_each_language_does() -> None:
    de, en = Words("de"), Words("en")
    assert (de.number(1234.5, 1), en.number(-1234.5, 1), de.number(None)) == ("1.234,5", "−1,234.5", "–")
    assert (de.percent(0.725, 1), en.percent(0.725), en.percent(None)) == ("72,5\u00a0%", "72%", "–")
    assert [en.share(share) for share in (0, 0.019, 0.05, 0.0996, 0.234, 1)] == [
        "0%",
        "1.9%",
        "5%",
        "10%",
        "23%",
        "100%",
    ]
    assert de.share(0.019) == "1,9\u00a0%"


def test_so_are_days() -> None:
    day, de, en = date(2026, 3, 2), Words("de"), Words("en")
    assert (de.day(day), en.day(day), de.day(None)) == ("2. März 2026", "2 Mar 2026", "–")
    assert (de.short_day(day), en.short_day(day)) == ("2. März", "2 March")
    assert (de.long_day(day), en.long_day(day)) == ("Montag, 2. März 2026", "Monday, 2 March 2026")


def test_the_clock_counts_minutes() -> None:
    assert [clock(seconds) for seconds in (None, 0, 65.9, 3600)] == ["", "0:00", "1:05", "60:00"]


def test_an_own_word_may_be_called_as_a_word_of_the_pages_is() -> None:
    own = OwnWord(kind="factor", id="agent", name="Makler", description="Wer vermittelt hat.")
    words = Words("de").knowing(with_own((own,)))
    assert (words.subject("agent"), words.word("agent")) == ("Makler", "Agent")
    assert words.subject("pin") == Words("de").subject("pin") == "PIN"


DOCS = Path(__file__).parents[2] / "docs" / "glossary.md"
PAGES = Path(__file__).parents[2] / "src" / "ausweis"


@pytest.mark.parametrize("language", BOTH)
def test_what_people_meet_on_the_pages_has_a_meaning(language: Language) -> None:
    words = Words(language)
    wanted = ("risk", "confidence", "incident", "sample", "recall", "kappa", "level", "factor", "severity")
    for word in (*wanted, *OUTCOMES, *VIOLATIONS, *INCIDENTS, *get_args(FactorStatus)):
        term = term_of(word, words)
        assert term is not None, word
        assert term.text.endswith("."), word
        assert "_" not in term.title
    assert term_of("kulanz_ohne_freigabe", words) is None


@pytest.mark.parametrize("language", BOTH)
def test_a_word_is_explained_under_the_name_that_pages_show(language: Language) -> None:
    words, glossary = Words(language), table(language, "glossary")
    for word in ("risk", "confidence", "severity", "policy", "turn", "finding", "needs_review", "changed"):
        assert glossary[word].startswith(f"{words.capital(words.text(word))}: "), word
    for word in (*OUTCOMES, "verified", "leaked", "rejected"):
        assert glossary[word].startswith(f"{words.capital(words.word(word))}: "), word


@pytest.mark.parametrize("language", BOTH)
def test_the_number_below_which_people_decide_is_the_one_of_the_rules(language: Language) -> None:
    assert Words(language).percent(SURE).replace("\u00a0", " ") in table(language, "glossary")["confidence"]


def test_a_page_explains_a_word_once() -> None:
    glossary = Glossary(Words("de"))
    first = glossary("risk", ["confidence", "no_authentication"])
    assert first.count("<b>") == 3
    assert 'aria-label="Was heißt Risiko, Wie sicher, Keine Authentifizierung?"' in first
    again = glossary("confidence", "level")
    assert again.count("<b>") == 1
    assert 'id="ask-level"' in again
    assert glossary("risk", "level") == glossary("a word of a policy's own <b>") == ""


def test_every_word_that_a_page_explains_is_in_the_glossary() -> None:
    templates = "\n".join(path.read_text(encoding="utf-8") for path in PAGES.rglob("templates/*.j2"))
    asked = {
        word
        for call in re.findall(r"glossary\(([^{}]*)\) *\}\}", templates)
        for word in re.findall(r'"([a-z_]+)"', re.sub(r'attribute="\w+"|choices\["\w+"\]', "", call))
    }
    assert len(asked) > 20
    assert asked - table("en", "glossary").keys() == set()
    assert table("en", "glossary").keys() - asked - {"compliant", "not_applicable"} <= {
        *get_args(FactorStatus),
        *OUTCOMES,
    }


def test_the_page_of_words_in_the_docs_names_them_in_both_languages() -> None:
    page = " ".join(DOCS.read_text(encoding="utf-8").split())
    german, english = (table(language, "glossary") for language in BOTH)
    pairs = {(told.partition(": ")[0], german[word].partition(": ")[0]) for word, told in english.items()}
    pairs |= {(one.name["en"], one.name["de"]) for records in (VIOLATIONS, INCIDENTS) for one in records.values()}
    assert {f"{name} ({other})" for name, other in pairs if f"{name} ({other})" not in page} == set()


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
        "queue_minimum",
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
