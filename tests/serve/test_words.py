import re
from datetime import date
from importlib.resources import files
from typing import Literal, get_args

import pytest

from ausweis.facts import EventKind
from ausweis.serve.question import SHOWN
from ausweis.serve.texts import TEXTS
from ausweis.serve.words import DOMAIN, Words, language_of
from ausweis.store import Choice, State
from ausweis.vocabulary import CALLERS, CATEGORIES, CHECKS, FACTORS, OUTCOMES, SEVERITIES, VIOLATIONS

BOTH: tuple[Literal["de", "en"], ...] = ("de", "en")


def used() -> set[str]:
    """Keys of sentences in templates and code."""
    found: set[str] = set()
    for folder in (files("ausweis.serve") / "templates", files("ausweis.serve")):
        for file in folder.iterdir():
            if file.name.endswith((".j2", ".py")):
                found |= set(re.findall(r'\b(?:t|text)\(["\']([a-z_]+)["\']', file.read_text(encoding="utf-8")))
    return found


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["de"].keys() == TEXTS["en"].keys()
    assert DOMAIN["de"].keys() == DOMAIN["en"].keys()
    for key, text in TEXTS["de"].items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", TEXTS["en"][key])), key


def test_every_sentence_that_is_asked_for_is_there() -> None:
    assert len(used()) > 50
    # The names of views come from a list: `t("view_" ~ name)`.
    views = {f"view_{one}" for one in SHOWN}
    assert used() - {"view_"} | views <= TEXTS["en"].keys()


@pytest.mark.parametrize("language", BOTH)
def test_every_word_of_the_domain_has_words(language: Literal["de", "en"]) -> None:
    words = Words(language)
    lists = (CALLERS, CATEGORIES, CHECKS, FACTORS, OUTCOMES, SEVERITIES, VIOLATIONS)
    more = (get_args(State), get_args(Choice), get_args(EventKind))
    for one in (word for some in (*lists, *more) for word in some):
        assert "_" not in words.word(one)
        assert language == "en" or words.word(one) != one.replace("_", " ") or one in ("pin",), one
    assert words.word("a_kind_of_our_own") == "a kind of our own"


def test_numbers_and_days_are_written_as_each_language_does() -> None:
    de, en = Words("de"), Words("en")
    assert (de.number(1234.5, 1), en.number(-1234.5, 1), de.number(None)) == ("1.234,5", "−1,234.5", "–")
    assert (de.percent(0.725, 1), en.percent(0.725), en.percent(None)) == ("72,5\u202f%", "72%", "–")
    assert (de.day(date(2026, 3, 2)), en.day(date(2026, 3, 2)), de.day(None)) == ("2. März 2026", "2 Mar 2026", "–")


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "de-DE,de;q=0.9,en;q=0.8", "de"),
        (None, "en;q=0.2,de;q=0.9", "de"),
        ("en", "de", "en"),
        ("fr", "de", "de"),
        (None, "fr;q=x, ;q=, de;q=0.1", "de"),
        (None, "," * 10_000, "en"),
    ],
)
def test_the_language_is_the_chosen_or_the_browsers(chosen: str | None, accepted: str, language: str) -> None:
    assert language_of(chosen, accepted) == language
