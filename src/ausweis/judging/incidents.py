"""Critical incidents beyond authentication: which of those that were read the policy has switched on."""

from ausweis.facts import Facts, Mention, OneSided
from ausweis.judging.policy import IncidentRule, Policy
from ausweis.judging.verdict import Evidence, Incident
from ausweis.vocabulary import INCIDENTS, Language

__all__ = ["LIKELY", "describe", "incidents_of", "is_likely", "not_looked_for"]

LIKELY = 0.4
"""A mention of less probability is none: half of the F1 that can be reached, which is where F1 is best (Lipton et al.
2014, arXiv 1402.1892). Left-out calls say 0.79 (short), 0.75 (long), 0.71 (described incidents)."""


def is_likely(mention: Mention) -> bool:
    """Whether what was read counts as an incident."""
    return mention.probability >= LIKELY


def describe(rule: IncidentRule, language: Language) -> str:
    """What the incident is, in the words of the policy or, for a known kind, in ours."""
    return INCIDENTS[rule.kind].sentence[language] if rule.kind else str(rule.description)


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
            evidence=_evidence(mention),
            probability=mention.probability,
        )
        for rule in policy.incidents
        for mention in facts.incidents
        if is_likely(mention) and _is_asked_for(mention, rule)
    ]
    return tuple(sorted(incidents, key=lambda incident: incident.turn))


def _was_looked_for(rule: IncidentRule, facts: Facts) -> bool:
    """Whether it was, on the side that is wanted; facts of earlier versions do not say on which, and count for each."""
    return any(
        (asked.description, asked.speaker) == (rule.description, rule.speaker)
        if isinstance(asked, OneSided)
        else asked == (rule.kind or rule.description)
        for asked in facts.looked_for
    )


def _is_asked_for(mention: Mention, rule: IncidentRule) -> bool:
    same = (mention.id, mention.description) == (rule.kind, rule.description)
    return same and (rule.speaker is None or mention.speaker in (None, rule.speaker))


def _evidence(mention: Mention) -> tuple[Evidence, ...]:
    places = (mention, mention.shown) if mention.shown else (mention,)
    return tuple(Evidence(turn=place.turn, quote=place.quote, start=place.start, end=place.end) for place in places)
