"""What is wrong with the factors and categories that a policy calls its own."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, get_args

from ausweis.calls.text import MARKER, clean
from ausweis.facts import EventKind
from ausweis.judging.unknown import unknown
from ausweis.vocabulary import (
    CATEGORIES,
    CHECKS,
    FACTORS,
    INCIDENTS,
    KNOWN_WORDS,
    OUTCOMES,
    VIOLATIONS,
    AuthorisationStatus,
    Caller,
    FactorStatus,
    OwnKind,
    is_word,
)

if TYPE_CHECKING:
    from ausweis.judging.policy import CategoryRule, FactorRule, Policy

__all__ = ["MOST", "bare", "wrong_key", "wrong_own_words"]

MOST = 40
"""So many own words a policy may have: each is looked for in every line of a call."""
ID_PLACES = {("factors",), ("actions", "disclosure"), ("actions", "change")}
"""Where the keys are ids."""
Path = tuple[str | int, ...]
MEANINGS: Mapping[str, str] = {
    **dict.fromkeys(VIOLATIONS, "a violation"),
    **dict.fromkeys(CHECKS, "a check"),
    **dict.fromkeys(INCIDENTS, "a critical incident"),
    **dict.fromkeys(OUTCOMES, "an outcome"),
    **dict.fromkeys((*get_args(Caller), *get_args(FactorStatus), *get_args(AuthorisationStatus)), "a state"),
    **dict.fromkeys(get_args(EventKind), "an event"),
    **dict.fromkeys(FACTORS, "a known factor"),
    **{word: f"a known {record.kind}" for word, record in CATEGORIES.items()},
}
"""What an id that is taken stands for."""


class _Named(NamedTuple):
    """A key under `factors` or `actions`, with its rule."""

    kind: OwnKind
    id: str
    place: Path
    rule: "FactorRule | CategoryRule"

    @property
    def noun(self) -> str:
        return "factor" if self.kind == "factor" else "category"

    @property
    def is_known(self) -> bool:
        records = KNOWN_WORDS.factors if self.kind == "factor" else KNOWN_WORDS.categories
        return self.id in records

    @property
    def own_keys(self) -> list[str]:
        """The keys that own words alone have, as far as they are there. Without any, it may be a misspelt known one."""
        return [key for key, value in self.rule if value and key not in ("strength", "read_out", "level")]


def wrong_own_words(policy: "Policy") -> Iterator[tuple[Path, str]]:
    """The place of each mistake, and a sentence."""
    named = list(_named(policy))
    own = [word for word in named if not word.is_known]
    for word in named:
        if MEANINGS.get(word.id) == f"a known {word.kind}" and word.own_keys:
            message = f"the {word.noun} {word.id!r} is known and takes no {word.own_keys[0]}; choose an id of your own"
            yield (*word.place, word.own_keys[0]), message
    taken = {rule.id: "an incident of this policy" for rule in policy.incidents}
    said: dict[str, str] = {}
    for number, word in enumerate(own, start=1):
        if number == MOST + 1:
            yield word.place, f"a policy may have {MOST} factors and categories of its own, and this one has {len(own)}"
        meaning = taken.setdefault(word.id, MEANINGS.get(word.id, ""))
        wrong = _wrong_id(word, meaning)
        taken[word.id] = taken[word.id] or f"a {word.noun} of this policy"
        if wrong is not None:
            yield wrong
        if not word.own_keys:
            continue
        yield from _lacking(word)
        yield from _wrong_texts(word)
        if word.rule.description is not None:
            other = said.setdefault(bare(word.rule.description), word.id)
            if other != word.id:
                yield (*word.place, "description"), f"{other!r} and {word.id!r} have the same description"


def wrong_key(path: Sequence[str]) -> str:
    """What is wrong with a key that is no text as an id of a factor or category; empty where it stands elsewhere."""
    return _wrong_form(path[-1]) if tuple(path[:-1]) in ID_PLACES and not is_word(path[-1]) else ""


def bare(text: str) -> str:
    """What two texts have in common that say the same: neither case nor punctuation nor how many blanks."""
    kept = (" " if unicodedata.category(sign).startswith("P") else sign for sign in text.casefold())
    return " ".join("".join(kept).split())


def _named(policy: "Policy") -> Iterator[_Named]:
    for word, rule in policy.factors.items():
        yield _Named("factor", word, ("factors", word), rule)
    kinds: tuple[OwnKind, ...] = ("disclosure", "change")
    for kind in kinds:
        for word, action in policy.actions.of("change" if kind == "change" else "disclosure").items():
            yield _Named(kind, word, ("actions", kind, word), action)


def _wrong_id(word: _Named, meaning: str) -> tuple[Path, str] | None:
    if meaning:
        return word.place, f"{word.id!r} is {meaning} already; choose another id for the {word.noun}"
    if not word.own_keys:
        return word.place, unknown(word.noun, word.id, _known(word)) + f"; a {word.noun} of your own has a description"
    return None if is_word(word.id) else (word.place, _wrong_form(word.id))


def _wrong_form(word: str) -> str:
    return f"the id {word[:80]!r} must be of lower-case letters, digits and _, with a letter first, 60 at most"


def _known(word: _Named) -> Sequence[str]:
    if word.kind == "factor":
        return tuple(FACTORS)
    return [category for category, record in CATEGORIES.items() if record.kind == word.kind]


def _lacking(word: _Named) -> Iterator[tuple[Path, str]]:
    """What an own word must have and has not."""
    needed = ("description", "strength", "looks_like") if word.kind == "factor" else ("description",)
    for key in needed:
        if getattr(word.rule, key) is None:
            allowed = {"strength": ": strong or weak", "looks_like": ": digits, letters, date or words"}.get(key, "")
            yield word.place, f"the {word.noun} {word.id!r} is your own and needs the key {key!r}{allowed}"


def _wrong_texts(word: _Named) -> Iterator[tuple[Path, str]]:
    texts = {"description": word.rule.description, "name": word.rule.name}
    places = [((*word.place, key), text) for key, text in texts.items() if text is not None]
    hot_words = getattr(word.rule, "hot_words", ())
    places += [((*word.place, "hot_words", number), text) for number, text in enumerate(hot_words)]
    for place, text in places:
        if clean(text) != text or "\n" in text or "\t" in text:
            yield place, f"the {place[len(word.place)]} of {word.id!r} must be plain text on one line"
        elif MARKER.search(text):
            hint = "directly before another character; leave them out, or put a blank behind them"
            yield place, f"the {place[len(word.place)]} of {word.id!r} must not hold < or [ {hint}"
