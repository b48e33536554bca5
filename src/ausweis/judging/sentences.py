"""What a verdict says, as sentences in the reader's language. They quote nothing."""

from ausweis.judging.verdict import Check, Incident, Violation
from ausweis.vocabulary import INCIDENTS, Language

__all__ = ["check_sentence", "incident_sentence", "review_sentence", "violation_sentence"]


def violation_sentence(violation: Violation, language: Language) -> str:
    """Why the rule is broken: what was missing."""
    return violation.reason


def check_sentence(check: Check, language: Language) -> str:
    """Why the check has its result."""
    return check.reason


def review_sentence(reason: str, language: Language) -> str:
    """Why a person should look at the verdict."""
    return reason


def incident_sentence(incident: Incident, language: Language) -> str:
    """What the incident is: a known kind in our words, a company's own in the words of its policy."""
    known = (record.sentence[language] for record in INCIDENTS.values() if record.id == incident.kind)
    return next(known, incident.description)
