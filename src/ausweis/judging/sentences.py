"""What a verdict says, as sentences in the reader's language. They quote nothing."""

from ausweis.judging.incidents import DESCRIPTIONS
from ausweis.judging.policy import Language
from ausweis.judging.verdict import Check, Incident, Violation

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
    return {str(kind): text for kind, text in DESCRIPTIONS[language].items()}.get(incident.kind, incident.description)
