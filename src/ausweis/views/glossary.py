"""What the words of a page mean, each explained once, where it first stands.

An explanation opens by a small button (`popover`, which needs no script): by touch, by mouse and by keyboard, and
closes by Esc. The texts are those of `texts/`, under `glossary`, and of the records of the vocabulary.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from markupsafe import Markup, escape

from ausweis.views.words import Words, table
from ausweis.vocabulary import INCIDENTS, VIOLATIONS

__all__ = ["Asks", "Term", "term_of"]

_BUTTON = Markup(
    '<button type="button" class="ask" popovertarget="ask-{id}" aria-label="{label}">?</button>'
    '<span class="gloss" id="ask-{id}" popover>{terms}</span>'
)
_TERM = Markup('<span class="term"><b>{title}</b> {text}</span>')


class Term(NamedTuple):
    """A word as pages show it, and what it means, in a sentence or two."""

    title: str
    text: str


def term_of(word: str, words: Words) -> Term | None:
    """What a word of a page, a violation or a known incident means; None of a word that only a policy knows."""
    told = table(words.language, "glossary").get(word)
    if told is not None:
        title, _, text = told.partition(": ")
        return Term(title, text)
    for records in (VIOLATIONS, INCIDENTS):
        for record in records.values():
            if record.id == word:
                return Term(words.capital(record.name[words.language]), record.sentence[words.language])
    return None


class Asks:
    """The explanations of one page; templates know it as `asks`."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._told: set[str] = set()

    def __call__(self, *words: str | Sequence[str]) -> Markup:
        """A button that explains these words, but for those that the page has explained already; nothing if all."""
        asked = chain.from_iterable([word] if isinstance(word, str) else word for word in words)
        new = [word for word in dict.fromkeys(asked) if word not in self._told]
        terms = [term for term in (term_of(word, self._words) for word in new) if term]
        self._told.update(new)
        if not terms:
            return Markup()
        label = self._words.text("what_means", words=", ".join(term.title for term in terms))
        told = Markup().join(_TERM.format(title=term.title, text=term.text) for term in terms)
        # A policy's own words never get here, so that no id of a page depends on what somebody wrote.
        known = next(word for word in new if term_of(word, self._words))
        return _BUTTON.format(id=known.replace("_", "-"), label=escape(label), terms=told)
