"""What one policy lets through that another does not, in plain sentences; those of `explain` where they say it.

Compared is what opens an action, whatever the levels are called: the sets of factors that meet its level or a later
one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ausweis.policies.explain import WORDS, expected_in_words, listed, sentences, sets_in_words, texts_of
from ausweis.policies.form import IncidentRule
from ausweis.policies.policy import Policy
from ausweis.vocabulary import SEVERITY_NAMES, VIOLATIONS, Language, OwnWord

TEXTS = texts_of("ausweis.policies", "diff")
_Sets = frozenset[frozenset[str]]
_Told = Mapping[tuple[str, str], str]
"""Sentences of `explain`, by what they are about."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Sentences: how the second policy is weaker than the first, how it is stricter, what else it says otherwise."""

    weaker: tuple[str, ...]
    stricter: tuple[str, ...]
    otherwise: tuple[str, ...]


def differences(before: Policy, after: Policy, language: Language) -> Differences:
    """What changes in verdicts from one policy to the other; nothing of titles, versions and the names of levels."""
    told = (_told(before, language), _told(after, language))
    return Differences(
        tuple(_let_through(before, after, told, language, weaker=True)),
        tuple(_let_through(after, before, told, language, weaker=False)),
        tuple(_otherwise(before, after, told, language)),
    )


def _told(policy: Policy, language: Language) -> _Told:
    told = {("expected", ""): expected_in_words(policy, language)}
    for key, sentence in sentences(policy, language):
        told.setdefault(key, sentence)
    return told


def _let_through(
    strict: Policy, loose: Policy, told: tuple[_Told, _Told], language: Language, *, weaker: bool
) -> Iterator[str]:
    """What the loose policy lets through and the strict one does not. What changed is told as it is after."""
    yield from _opened(strict, loose, language, "by" if weaker else "not_by")
    changed = {
        "name": strict.name_required and not loose.name_required,
        "third_party": set(loose.third_party.accept) - set(strict.third_party.accept),
        "attempts": loose.attempts > strict.attempts,
        "expected": loose.expected_violations < strict.expected_violations,
    }
    yield from (told[1][key, ""] for key, is_so in changed.items() if is_so)
    kept = _looked_for(loose)
    for key in (key for key in _looked_for(strict) if key not in kept):
        yield TEXTS[language]["gone"].format(sentence=told[0][key]) if weaker else told[1][key]


def _opened(strict: Policy, loose: Policy, language: Language, how: str) -> Iterator[str]:
    """The actions and the values to read out that more sets of factors open, together where these are the same."""
    words, both = loose.vocabulary, strict.vocabulary
    levels = [
        ("action", record, strict.level_of(category), loose.level_of(category))
        for category, record in words.categories.items()
        if category in both.categories
    ] + [
        ("read_out", record, strict.read_out_level(factor), loose.read_out_level(factor))
        for factor, record in words.factors.items()
        if factor in both.factors and record.looks_like
    ]
    opened: dict[tuple[str, _Sets], list[str]] = {}
    for text, record, strict_level, loose_level in levels:
        if sets := _more(_sets_of(strict, strict_level), _sets_of(loose, loose_level)):
            opened.setdefault((text, sets), []).append(record.name[language])
    for (text, sets), names in opened.items():
        enough = sets_in_words(sorted(sets, key=lambda factors: (len(factors), sorted(factors))), language, words)
        named = listed(names, WORDS[language]["and"])
        yield TEXTS[language][f"{text}_{how}"].format(sets=enough, names=named[0].upper() + named[1:])


def _otherwise(before: Policy, after: Policy, told: tuple[_Told, _Told], language: Language) -> Iterator[str]:
    """Neither weaker nor stricter: how grave a violation is; own words and incidents that are described anew."""
    for violation, record in VIOLATIONS.items():
        old, new = before.severity_of(violation), after.severity_of(violation)
        if old != new:
            names = {"old": SEVERITY_NAMES[old][language], "new": SEVERITY_NAMES[new][language]}
            yield TEXTS[language]["severity"].format(violation=record.name[language], **names)
    known = _looked_for(before)
    yield from (told[1][key] for key, record in _looked_for(after).items() if known.get(key, record) != record)


def _looked_for(policy: Policy) -> dict[tuple[str, str], OwnWord | IncidentRule]:
    """What a policy names itself, by the keys of its sentences."""
    words = {("own", word.id): word for word in policy.own_words}
    return {**words, **{("incident", rule.id): rule for rule in policy.incidents}}


def _more(enough: Sequence[frozenset[str]], loose: Sequence[frozenset[str]]) -> _Sets:
    """The smallest of the loose sets of factors that hold none of those that are enough."""
    more = [factors for factors in loose if not any(other <= factors for other in enough)]
    return frozenset(factors for factors in more if not any(other < factors for other in more))


def _sets_of(policy: Policy, level: str) -> Sequence[frozenset[str]]:
    """A level is met by its own sets, and by those of every stricter level."""
    names = list(policy.levels)
    later = names[names.index(level) :]
    return [frozenset(factors) for name in later for factors in policy.levels[name].any_of]
