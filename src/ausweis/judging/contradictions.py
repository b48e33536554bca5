"""What a policy says that cannot be: the place of each mistake, and a sentence."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ausweis.judging.own_rules import bare, wrong_own_words
from ausweis.judging.unknown import unknown
from ausweis.vocabulary import CATEGORIES, FACTORS, INCIDENTS, KNOWN_WORDS, ActionKind

if TYPE_CHECKING:
    from ausweis.judging.policy import Policy

__all__ = ["Contradiction", "contradictions"]

Contradiction = tuple[tuple[str | int, ...], str]
"""The path to a place in a policy, and what is impossible there."""
KINDS: tuple[ActionKind, ...] = ("disclosure", "change")


def contradictions(policy: "Policy") -> Iterator[Contradiction]:
    """All that is impossible in a policy whose parts are well-formed."""
    yield from wrong_own_words(policy)
    yield from _wrong_sets(policy)
    yield from _wrong_actions(policy)
    yield from _wrong_incidents(policy)
    for factor, rule in policy.factors.items():
        if rule.read_out is not None and rule.read_out not in policy.levels:
            yield ("factors", factor, "read_out"), _unknown_level(rule.read_out, policy)


def _wrong_sets(policy: "Policy") -> Iterator[Contradiction]:
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


def _no_factor(factor: str, policy: "Policy") -> str:
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


def _wrong_actions(policy: "Policy") -> Iterator[Contradiction]:
    for kind in KINDS:
        for category, rule in policy.actions.of(kind).items():
            record = KNOWN_WORDS.categories.get(category)
            if record is not None and record.kind != kind:
                allowed = ", ".join(word for word, other in CATEGORIES.items() if other.kind == kind)
                yield ("actions", kind, category), f"{category!r} is no {kind}; allowed: {allowed}"
            if rule.level not in policy.levels:
                yield ("actions", kind, category, "level"), _unknown_level(rule.level, policy)


def _unknown_level(level: str, policy: "Policy") -> str:
    return f"unknown level {level!r}; allowed: {', '.join(policy.levels)}"


def _wrong_incidents(policy: "Policy") -> Iterator[Contradiction]:
    said: set[str] = set()
    for number, rule in enumerate(policy.incidents):
        place = ("incidents", number)
        description = bare(rule.description or "")
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
