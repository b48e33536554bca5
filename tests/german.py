"""Which words of a page are English: those that our English texts have, or many people use, and no German text has."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files

from ausweis.judging.sentences import SENTENCES
from ausweis.pages.words import table
from ausweis.policies.explain import WORDS
from ausweis.vocabulary import CATEGORIES, FACTORS, INCIDENTS, LEVELS, SEVERITY_NAMES, VIOLATIONS, Language

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ID = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
_SHOWN = ("aria-label", "title", "placeholder", "alt")
_QUOTED = ("bdi", "blockquote", "q", "mark", "script", "style", "textarea", "kbd")
_VOID = ("area", "br", "hr", "img", "input", "link", "meta", "path", "rect")
_NAMES = {"ausweis", "english"}
"""The program's own name, and what a link to the other language is called."""


class _Reader(HTMLParser):
    """Our own words of a page: without what was said in calls, names and ids of others, and other languages."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._within: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        classes = set((values.get("class") or "").split())
        quoted = tag in _QUOTED or bool(classes & {"quoted", "said-here", "turns"}) or values.get("dir") == "auto"
        quoted = quoted or (tag != "html" and "lang" in values)
        if not (quoted or any(self._within)):
            self.parts += [values[name] or "" for name in _SHOWN if name in values]
        if tag not in _VOID:
            self._within.append(quoted)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._within:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._within):
            self.parts.append(data)


def own_words_of(page: str) -> str:
    """What a page says by itself, labels that are heard and not seen among it."""
    reader = _Reader()
    reader.feed(page)
    return " ".join(" ".join(reader.parts).split())


def english_in(text: str) -> set[str]:
    """The English words in a text that is to be German."""
    return {word for word in map(str.lower, _WORD.findall(text)) if word in _english()} - _NAMES


def ids_in(text: str) -> set[str]:
    """What is written as only code writes: `insufficient_factors`."""
    return set(_ID.findall(text))


@cache
def _english() -> frozenset[str]:
    return frozenset(set(_words("en")) - set(_words("de")))


def _words(language: Language) -> Iterator[str]:
    texts = [re.sub(r"{\w+}", " ", text) for text in _texts(language)]
    yield from (word.lower() for text in texts for word in _WORD.findall(text))
    common = files("ausweis.masking") / "common" / f"{language}.txt"
    yield from common.read_text(encoding="utf-8").split()


def _texts(language: Language) -> Iterator[str]:
    for name in ("words", "texts", "errors", "glossary"):
        yield from table(language, name).values()
    yield from (*SENTENCES[language].values(), *WORDS[language].values())
    for records in (CATEGORIES, FACTORS, INCIDENTS, VIOLATIONS):
        for record in records.values():
            yield record.name[language]
            yield record.sentence[language]
    yield from (record.advice[language] for record in INCIDENTS.values())
    for names in (LEVELS, SEVERITY_NAMES):
        yield from (texts[language] for texts in names.values())
