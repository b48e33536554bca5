"""Critical incidents beyond authentication: which of those that were read the policy has switched on."""

from ausweis.facts import Facts, Mention, OneSided
from ausweis.judging.policy import Incident as WantedIncident
from ausweis.judging.policy import Policy
from ausweis.judging.verdict import Evidence, Incident
from ausweis.vocabulary import INCIDENTS, Language

__all__ = ["LIKELY", "describe", "incidents_of", "is_likely", "not_looked_for"]

LIKELY = 0.4
"""A mention of less probability is none: half of the F1 that can be reached, which is where F1 is best (Lipton et al.
2014, arXiv 1402.1892); left-out calls of `evals/incidents/train.jsonl` say about 0.79."""
LIKELY_DESCRIBED = 0.5
"""The same for a policy's own descriptions: more likely than not. The rule above says 0.3, but for labelled calls of
which a third have what is described; where hardly any have it, most of what is said from 0.3 on is wrong."""


def is_likely(mention: Mention) -> bool:
    """Whether what was read counts as an incident."""
    return mention.probability >= (LIKELY if mention.kind else LIKELY_DESCRIBED)


def describe(wanted: WantedIncident, language: Language) -> str:
    """What the incident is, in the words of the policy or, for a known kind, in ours."""
    return INCIDENTS[wanted.kind].sentence[language] if wanted.kind else str(wanted.description)


def not_looked_for(facts: Facts, policy: Policy) -> tuple[str, ...]:
    """The incidents that the policy wants to know of, and that nobody looked for when the call was read."""
    return tuple(one.name for one in policy.incidents if not _was_looked_for(one, facts))


def incidents_of(facts: Facts, policy: Policy) -> tuple[Incident, ...]:
    """The incidents that the policy wants to know of, in order of time, those of a turn in the policy's order."""
    found = [
        Incident(
            id=wanted.name,
            turn=mention.turn,
            severity=wanted.severity,
            description=wanted.description,
            evidence=_evidence(mention),
            probability=mention.probability,
        )
        for wanted in policy.incidents
        for mention in facts.incidents
        if is_likely(mention) and _is_wanted(mention, wanted)
    ]
    return tuple(sorted(found, key=lambda one: one.turn))


def _was_looked_for(wanted: WantedIncident, facts: Facts) -> bool:
    """Whether it was, on the side that is wanted; facts of earlier versions do not say on which, and count for each."""
    return any(
        (one.description, one.speaker) == (wanted.description, wanted.speaker)
        if isinstance(one, OneSided)
        else one == (wanted.kind or wanted.description)
        for one in facts.looked_for
    )


def _is_wanted(mention: Mention, wanted: WantedIncident) -> bool:
    same = (mention.kind, mention.description) == (wanted.kind, wanted.description)
    return same and (wanted.speaker is None or mention.speaker in (None, wanted.speaker))


def _evidence(mention: Mention) -> tuple[Evidence, ...]:
    places = (mention, mention.shown) if mention.shown else (mention,)
    return tuple(Evidence(turn=one.turn, quote=one.quote, start=one.start, end=one.end) for one in places)
