"""Each word of the field is explained once a page, where it first stands, with the words of the one glossary."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from ausweis.judging.review import SURE
from ausweis.views.glossary import Asks, term_of
from ausweis.views.words import Words, table
from ausweis.vocabulary import INCIDENTS, OUTCOMES, VIOLATIONS, FactorStatus, Language

BOTH: tuple[Language, ...] = get_args(Language)
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
    for word in ("risk", "confidence", "severity", "outcome", "policy", "turn", "finding", "needs_review", "changed"):
        assert glossary[word].startswith(f"{words.capital(words.text(word))}: "), word
    for word in (*OUTCOMES, "disputed", "verified", "leaked", "rejected"):
        assert glossary[word].startswith(f"{words.capital(words.word(word))}: "), word


@pytest.mark.parametrize("language", BOTH)
def test_the_number_below_which_people_decide_is_the_one_of_the_rules(language: Language) -> None:
    assert Words(language).percent(SURE).replace("\u00a0", " ") in table(language, "glossary")["confidence"]


def test_a_page_explains_a_word_once() -> None:
    asks = Asks(Words("de"))
    first = asks("risk", ["confidence", "no_authentication"])
    assert first.count("<b>") == 3
    assert 'aria-label="Was heißt Risiko, Verlässlichkeit, Keine Authentifizierung?"' in first
    again = asks("confidence", "level")
    assert again.count("<b>") == 1
    assert 'id="ask-level"' in again
    assert asks("risk", "level") == asks("a word of a policy's own <b>") == ""


def test_every_word_that_a_page_explains_is_in_the_glossary() -> None:
    templates = "\n".join(path.read_text(encoding="utf-8") for path in PAGES.rglob("templates/*.j2"))
    asked = {
        word
        for call in re.findall(r"asks\(([^{}]*)\) *\}\}", templates)
        for word in re.findall(r'"([a-z_]+)"', re.sub(r'attribute="\w+"|choices\["\w+"\]', "", call))
    }
    assert len(asked) > 20
    assert asked - table("en", "glossary").keys() == set()
    assert table("en", "glossary").keys() - asked - {"compliant", "not_applicable"} <= {
        *get_args(FactorStatus),
        *OUTCOMES,
    }


def test_the_page_of_words_in_the_docs_says_the_same() -> None:
    lines = set(DOCS.read_text(encoding="utf-8").splitlines())
    texts = PAGES / "views" / "texts"
    german, english = (
        tomllib.loads((texts / f"{language}.toml").read_text(encoding="utf-8"))["glossary"] for language in BOTH
    )
    for word, told in english.items():
        title, _, meaning = told.partition(": ")
        assert f"| {title} | {german[word].partition(': ')[0]} | {meaning} |" in lines, word
    for records in (VIOLATIONS, INCIDENTS):
        for record in records.values():
            name, sentence = record.name, record.sentence
            assert f"| {name['en']} | {name['de']} | {sentence['en']} |" in lines, record.id
