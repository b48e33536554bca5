"""What a policy asks for besides: its own words, and critical incidents beyond authentication.

Which of them the reader looked for, and what of that counts.
"""

from ausweis.facts import Event, Facts, Mention, OneSided, may_be_about
from ausweis.judging.verdict import Evidence, Incident
from ausweis.policies.form import IncidentRule
from ausweis.policies.policy import Policy
from ausweis.vocabulary import with_own

LIKELY = 0.4
"""A mention of less probability is none: half of the F1 that can be reached, which is where F1 is best (Lipton et al.
2014, arXiv 1402.1892). Left-out calls say 0.79 (short), 0.75 (long), 0.71 (described incidents)."""


def is_likely(mention: Mention) -> bool:
    """Whether what was read counts as an incident."""
    return mention.probability >= LIKELY


def not_looked_for(facts: Facts, policy: Policy) -> tuple[str, ...]:
    """The incidents that the policy wants to know of, and that nobody looked for when the call was read."""
    return tuple(rule.id for rule in policy.incidents if not _was_looked_for(rule, facts))


def incidents_of(facts: Facts, policy: Policy) -> tuple[Incident, ...]:
    """The incidents that the policy wants to know of, in order of time, those of a turn in the policy's order."""
    incidents = [
        Incident(
            id=rule.id,
            turn=mention.turn,
            severity=rule.severity,
            description=rule.description,
            evidence=tuple(Evidence.at(place) for place in (mention, mention.shown) if place),
            probability=mention.probability,
        )
        for rule in policy.incidents
        for mention in facts.incidents
        if is_likely(mention) and _is_asked_for(mention, rule)
    ]
    return tuple(sorted(incidents, key=lambda incident: incident.turn))


def _was_looked_for(rule: IncidentRule, facts: Facts) -> bool:
    """Whether it was, on the side that is wanted; without a side, it was looked for on both."""
    return any(
        (asked.description, asked.speaker) == (rule.description, rule.speaker)
        if isinstance(asked, OneSided)
        else asked == (rule.kind or rule.description)
        for asked in facts.looked_for
    )


def _is_asked_for(mention: Mention, rule: IncidentRule) -> bool:
    same = (mention.id, mention.description) == (rule.kind, rule.description)
    return same and (rule.speaker is None or mention.speaker in (None, rule.speaker))


def not_read(facts: Facts, policy: Policy) -> tuple[str, ...]:
    """The own words of the policy that nobody looked for in the call, or by another name, description or look."""
    asked = {word.asked for word in facts.asked_words}
    return tuple(word.id for word in policy.own_words if word.asked not in asked)


def counting(facts: Facts, policy: Policy) -> tuple[Event, ...]:
    """The events without a subject, or about what the policy knows: known words, and own ones that were looked for."""
    asked = {word.asked for word in facts.asked_words}
    words = with_own(tuple(word for word in policy.own_words if word.asked in asked))
    return tuple(e for e in facts.events if e.subject is None or may_be_about(e.kind, e.subject, words))
