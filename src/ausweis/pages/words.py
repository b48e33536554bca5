"""The words of the pages in a language: texts, days and numbers (Unicode CLDR, by Babel), and what they mean."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

from ausweis.errors import StoreError
from ausweis.vocabulary import INCIDENTS, KNOWN_WORDS, VIOLATIONS, Language, Vocabulary, level_name, name_of

if TYPE_CHECKING:
    from ausweis.store import CallRow, Counted, Decision

LOCALES: dict[Language, str] = {"de": "de", "en": "en_GB"}


@dataclass(frozen=True)
class Words:
    """The words of one language; templates know it as `w`. `known`: the factors and categories of the verdict shown."""

    language: Language
    known: Vocabulary = KNOWN_WORDS

    def knowing(self, known: Vocabulary) -> "Words":
        """The same with these factors and categories."""
        return replace(self, known=known)

    def text(self, key: str, **values: object) -> str:
        """A sentence of the pages. Values are put in as they are: templates escape the whole."""
        return table(self.language, "texts")[key].format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """A sentence about so many: `key_1` where it is one, and `key_0` where it is none and that has its own."""
        texts, own = table(self.language, "texts"), f"{key}_{number}"
        return texts[own if number in (0, 1) and own in texts else key].format(count=self.number(number), **values)

    def error(self, error: StoreError) -> str:
        """What a refusal of the store, or of a form, says; of a fault that has no code, that there is one."""
        texts = table(self.language, "errors")
        values = {name: self.number(one) if isinstance(one, int) else one for name, one in error.values.items()}
        return texts.get(error.code, texts["store_other"]).format(**values)

    def status(self, status: int) -> str:
        """What an answer of the server with such a status means, and what to do."""
        texts = table(self.language, "errors")
        return texts.get(f"http_{status}", texts["http_500"])

    def level(self, level: str) -> str:
        """A level: one that policies share in this language, one that a policy named itself as it is."""
        return level_name(level, self.language)

    def word(self, word: str) -> str:
        """A word of the domain; one that a policy named itself is shown with spaces."""
        return table(self.language, "words").get(word) or name_of(word, self.language)

    def subject(self, word: str) -> str:
        """A factor or category, known or own, which may be called as a word of the pages is."""
        return name_of(word, self.language, self.known)

    def capital(self, text: str) -> str:
        """The text with a capital at its start."""
        return text[:1].upper() + text[1:]

    def day(self, day: date | None, form: str = "yMMMd") -> str:
        """`2. März 2026`, `2 Mar 2026`; a dash where unknown. `form`: a skeleton of CLDR."""
        return "–" if day is None else str(format_skeleton(form, day, locale=LOCALES[self.language]))

    def short_day(self, day: date) -> str:
        """`2. März`, `2 March`."""
        return self.day(day, "MMMMd")

    def long_day(self, day: date) -> str:
        """`Montag, 2. März 2026`, `Monday, 2 March 2026`."""
        return format_date(day, "full", LOCALES[self.language])

    def moment(self, at: str) -> str:
        """`2. März 2026, 09:15` by this machine's clock, of a time in UTC (ISO 8601)."""
        moment = datetime.fromisoformat(at).astimezone()
        return f"{self.day(moment.date())}, {format_time(moment, 'HH:mm', locale=LOCALES[self.language])}"

    def number(self, value: float | None, places: int = 0) -> str:
        """`1.234,5` or `1,234.5`; a dash where there is none."""
        if value is None:
            return "–"
        return format_decimal(value, _decimals("#,##0", places), LOCALES[self.language]).replace("-", "−")

    def percent(self, share: float | None, places: int = 0) -> str:
        """A share from 0 to 1 as `72 %` or `72%`."""
        if share is None:
            return "–"
        locale = LOCALES[self.language]
        pattern = Locale.parse(locale).percent_formats[None].pattern
        return format_percent(share, _decimals(pattern, places), locale).replace("-", "−")

    def share(self, share: float) -> str:
        """Per cent as precise as it tells something: `1.9%`; from 10 on, and where whole, without decimals."""
        return self.percent(share, 1 if share < 0.0995 and round(share * 1000) % 10 else 0)

    def hits(self, numbers: "Counted") -> str:
        """Which share of what was reported and decided was right, with its range; of few, `8 von 9`."""
        right = numbers.precision
        if right is None:
            return self.count("hits", numbers.decided, confirmed=self.number(numbers.confirmed))
        low, high = self.percent(right.low), self.percent(right.high)
        return self.text("hits_share", share=self.percent(right.share), low=low, high=high)

    def result(self, outcome: str, incidents: Sequence[object] | None) -> str:
        """An outcome with a capital; of a call without a violation that has incidents, that it has one."""
        is_incident = incidents and outcome != "violation"
        return self.text("incident") if is_incident else self.capital(self.word(outcome))

    def happened(self, row: "CallRow") -> str:
        """Violations and incidents of a call in short, or its outcome."""
        return ", ".join(map(self.word, (*row.violations, *row.incidents) or (row.outcome,)))

    def right(self, row: "CallRow") -> str:
        """What people say is right of a call, in short."""
        incidents = row.incidents if row.right_incidents is None else row.right_incidents
        found = (*(row.right_violations or ()), *incidents)
        return ", ".join(map(self.word, found or (row.right_outcome or "open",)))

    def left(self, deadline: date, today: date) -> str:
        """How long it is until a deadline, or for how long it has been over: `noch 3 Tage`."""
        days = (deadline - today).days
        return self.count("days_left", days) if days >= 0 else self.count("days_over", -days)

    def label(self, decision: "Decision") -> str:
        """`Verstoß, vorgesagt in Turn 6`: what a decision says is right; empty where it is not sure."""
        happened = (*decision.violations, *(decision.incidents or ()))
        # No call is compliant beside an incident.
        is_said = decision.outcome == "violation" or not happened
        label = [self.word(decision.outcome)] if decision.outcome and is_said else []
        label += [self.text("label_at", type=self.word(kind), turn=turn) for kind, turn in dict.fromkeys(happened)]
        return ", ".join(label)


def clock(seconds: float | None) -> str:
    """`1:05` from the call's start; empty where unknown."""
    return "" if seconds is None else f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def time_of(row: "CallRow") -> str:
    """Hour and minute at which a call began, in its own time zone; empty where unknown."""
    started = row.started_at or ""
    return started[11:16] if started[10:11] in ("T", " ") else ""


@cache
def table(language: Language, name: str) -> dict[str, str]:
    """The `words`, `texts`, `errors` or `glossary` of a language, by key."""
    words: dict[str, dict[str, str]] = tomllib.loads(
        (files("ausweis.pages") / "texts" / f"{language}.toml").read_text(encoding="utf-8")
    )
    return words[name]


def _decimals(pattern: str, places: int) -> str:
    return pattern.replace("0", f"0.{'0' * places}", 1) if places else pattern


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


class Glossary:
    """The explanations of one page; templates know it as `glossary`."""

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
