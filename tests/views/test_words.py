"""The words of the pages: each language says the same things, each sentence once, and none that nobody shows."""

import re
from collections import Counter
from datetime import date
from importlib.resources import files
from itertools import chain
from typing import get_args

import pytest

from ausweis.facts import EventKind
from ausweis.serve.question import SHOWN
from ausweis.store import Choice, State
from ausweis.views.words import Words, clock, table
from ausweis.vocabulary import (
    CALLERS,
    CATEGORIES,
    CHECKS,
    FACTORS,
    INCIDENTS,
    OUTCOMES,
    SEVERITIES,
    VIOLATIONS,
    Language,
    OwnWord,
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
        for package in ("ausweis.views", "ausweis.reports", "ausweis.serve")
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


def test_every_sentence_that_is_asked_for_is_there() -> None:
    # The names of views come from a list: `t("view_" ~ name)`.
    made = {"count_", "view_", "role_", "ruling_", "team_make_"}
    asked = {*_ASKED.findall(sources()), *_COUNTED.findall(sources())} - made | {f"view_{show}" for show in SHOWN}
    assert len(asked) > 100
    assert asked - table("en", "texts").keys() == set()


def test_no_sentence_is_there_that_nothing_asks_for() -> None:
    made = tuple("advice_ count_ period_ instead_ view_ role_ team_make_ ruling_ name_ empty_ by_".split())
    made += ("no_calls_days", "known_days", "column_", "sheet_calls", "sheet_findings")
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
