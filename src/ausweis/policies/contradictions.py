"""What a policy says that cannot be: the path to each mistake, and a sentence."""

import difflib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from ausweis.calls.text import MARKER, clean
from ausweis.facts import EventKind
from ausweis.policies.form import CategoryRule, FactorRule, PolicyForm
from ausweis.vocabulary import (
    CATEGORIES,
    CHECKS,
    FACTORS,
    INCIDENTS,
    KNOWN_WORDS,
    OUTCOMES,
    VIOLATIONS,
    ActionKind,
    AuthorisationStatus,
    Caller,
    FactorStatus,
    OwnKind,
    is_word,
)

Path = tuple[str | int, ...]
Contradiction = tuple[Path, str]
"""The path to a place in a policy, and what is impossible there."""
KINDS: tuple[ActionKind, ...] = ("disclosure", "change")
MOST = 40
"""So many own words a policy may have: each is looked for in every line of a call."""
ID_PLACES = {("factors",), ("actions", "disclosure"), ("actions", "change")}
"""Where the keys are ids."""
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


def contradictions(policy: PolicyForm) -> Iterator[Contradiction]:
    """All that is impossible in a policy whose parts are well-formed."""
    yield from _wrong_own_words(policy)
    yield from _wrong_sets(policy)
    yield from _wrong_actions(policy)
    yield from _wrong_incidents(policy)
    for factor, rule in policy.factors.items():
        if rule.read_out is not None and rule.read_out not in policy.levels:
            yield ("factors", factor, "read_out"), _unknown_level(rule.read_out, policy)


def _wrong_sets(policy: PolicyForm) -> Iterator[Contradiction]:
    for name, level in policy.levels.items():
        seen: set[frozenset[str]] = set()
        for number, factors in enumerate(level.any_of):
            place = ("levels", name, "any_of", number)
            for i, factor in enumerate(factors):
                if factor not in policy.factors:
                    yield (*place, i), _no_factor(factor, policy)
            if len(set(factors)) < len(factors):
                yield place, "a set names a factor twice"
            elif frozenset(factors) in seen:
                yield place, f"the level {name!r} has this set twice"
            seen.add(frozenset(factors))


def _no_factor(factor: str, policy: PolicyForm) -> str:
    allowed = tuple(policy.factors)
    if not allowed:
        return f"the factor {factor!r} is not in factors, which are none; name it there first"
    if "factors" not in policy.model_fields_set:  # to name one there would be to leave all others out
        return unknown("factor", factor, allowed)
    if factor in FACTORS:
        said = f"the factor {factor!r} is not in factors; allowed: {', '.join(allowed)}"
    else:
        said = unknown("factor", factor, allowed, tuple(FACTORS))
    return f"{said}; or name it under factors first"


def _wrong_actions(policy: PolicyForm) -> Iterator[Contradiction]:
    for kind in KINDS:
        for category, rule in policy.actions.of(kind).items():
            record = KNOWN_WORDS.categories.get(category)
            if record is not None and record.kind != kind:
                allowed = ", ".join(word for word, other in CATEGORIES.items() if other.kind == kind)
                yield ("actions", kind, category), f"{category!r} is no {kind}; allowed: {allowed}"
            if rule.level not in policy.levels:
                yield ("actions", kind, category, "level"), _unknown_level(rule.level, policy)


def _unknown_level(level: str, policy: PolicyForm) -> str:
    return f"unknown level {level!r}; allowed: {', '.join(policy.levels)}"


def _wrong_incidents(policy: PolicyForm) -> Iterator[Contradiction]:
    said: set[str] = set()
    for number, rule in enumerate(policy.incidents):
        place = ("incidents", number)
        description = _bare(rule.description or "")
        if (rule.kind is None) == (rule.description is None):
            yield place, "an incident has a kind, or an id and a description of its own"
        elif rule.kind is None and (rule.own_id is None or rule.own_id in INCIDENTS):
            yield place, "an incident of your own needs an id, which is no known kind"
        elif rule.kind is not None and rule.own_id is not None:
            yield (*place, "id"), f"the incident {rule.kind!r} has its kind for a name: leave the id out"
        elif rule.kind is not None and rule.speaker is not None:
            yield (*place, "speaker"), f"whose words are looked at is known for {rule.kind!r}"
        elif description and description in said:
            yield place, "this description stands here twice"
        elif rule.id in said:
            yield place, f"the incident {rule.id!r} stands here twice"
        said |= {rule.id, description}


class _Named(NamedTuple):
    """A key under `factors` or `actions`, with its rule."""

    kind: OwnKind
    id: str
    place: Path
    rule: FactorRule | CategoryRule

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


def _wrong_own_words(policy: PolicyForm) -> Iterator[Contradiction]:
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
            other = said.setdefault(_bare(word.rule.description), word.id)
            if other != word.id:
                yield (*word.place, "description"), f"{other!r} and {word.id!r} have the same description"


def wrong_key(path: Sequence[str]) -> str:
    """What is wrong with a key that is no text as an id of a factor or category; empty where it stands elsewhere."""
    return _wrong_form(path[-1]) if tuple(path[:-1]) in ID_PLACES and not is_word(path[-1]) else ""


def _bare(text: str) -> str:
    """What two texts have in common that say the same: neither case nor punctuation nor how many blanks."""
    kept = (" " if unicodedata.category(sign).startswith("P") else sign for sign in text.casefold())
    return " ".join("".join(kept).split())


def _named(policy: PolicyForm) -> Iterator[_Named]:
    for word, rule in policy.factors.items():
        yield _Named("factor", word, ("factors", word), rule)
    for kind in KINDS:
        for word, action in policy.actions.of(kind).items():
            yield _Named(kind, word, ("actions", kind, word), action)


def _wrong_id(word: _Named, meaning: str) -> Contradiction | None:
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


def _lacking(word: _Named) -> Iterator[Contradiction]:
    """What an own word must have and has not."""
    needed = ("description", "strength", "looks_like") if word.kind == "factor" else ("description",)
    for key in needed:
        if getattr(word.rule, key) is None:
            allowed = {"strength": ": strong or weak", "looks_like": ": digits, letters, date or words"}.get(key, "")
            yield word.place, f"the {word.noun} {word.id!r} is your own and needs the key {key!r}{allowed}"


def _wrong_texts(word: _Named) -> Iterator[Contradiction]:
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


def unknown(noun: str, word: Any, allowed: Sequence[str], others: Sequence[str] = ()) -> str:
    """What the word is not, and the words allowed. `others`: words that may be meant, though not allowed here."""
    near = difflib.get_close_matches(str(word), (*allowed, *others), 1)
    hint = f" (perhaps {near[0]!r}?)" if near else ""
    shown = repr(word) if isinstance(word, str | int | float | bool) else "something that is no word"
    return f"unknown {noun} {shown[:80]}{hint}; allowed: {', '.join(allowed)}"
