"""A policy's own words in facts: which of them the reader looked for, and what of the facts counts."""

from ausweis.facts import Event, Facts, may_be_about
from ausweis.judging.policy import Policy
from ausweis.vocabulary import with_own

__all__ = ["counting", "not_read"]


def not_read(facts: Facts, policy: Policy) -> tuple[str, ...]:
    """The own words of the policy that nobody looked for in the call, or by another name, description or look."""
    asked = {word.asked for word in facts.asked_words}
    return tuple(word.id for word in policy.own_words if word.asked not in asked)


def counting(facts: Facts, policy: Policy) -> tuple[Event, ...]:
    """The events without a subject, or about what the policy knows: known words, and own ones that were looked for."""
    asked = {word.asked for word in facts.asked_words}
    words = with_own(tuple(word for word in policy.own_words if word.asked in asked))
    return tuple(e for e in facts.events if e.subject is None or may_be_about(e.kind, e.subject, words))
