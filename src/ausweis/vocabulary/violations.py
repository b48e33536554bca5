"""Types of violation. Which one it is: `judging.decide`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ausweis.vocabulary.lists import Severity, Texts

__all__ = ["GRAVEST", "VIOLATIONS", "ViolationRecord", "ViolationType"]

ViolationType = Literal[
    "no_authentication",
    "insufficient_factors",
    "late_authentication",
    "factor_leaked",
    "unauthorised_third_party",
    "action_after_failed_authentication",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationRecord:
    """All that the program knows of a type of violation. `sentence`: what it is.

    `severity`: unless a policy says otherwise.
    """

    id: ViolationType
    name: Texts
    sentence: Texts
    severity: Severity


_RECORDS = (
    ViolationRecord(
        id="no_authentication",
        name={"de": "keine Authentifizierung", "en": "no authentication"},
        sentence={
            "de": "Der Agent gab Auskunft oder änderte etwas, und außer einem Namen wurde nichts geprüft.",
            "en": "The agent told or changed something, and nothing beyond a name was verified.",
        },
        severity="critical",
    ),
    ViolationRecord(
        id="insufficient_factors",
        name={"de": "zu wenige Merkmale", "en": "too few factors"},
        sentence={
            "de": "Es wurde etwas geprüft, aber nie genug für das, was der Agent sagte oder änderte.",
            "en": "Something was verified, but never enough for what the agent told or changed.",
        },
        severity="high",
    ),
    ViolationRecord(
        id="late_authentication",
        name={"de": "zu späte Authentifizierung", "en": "authentication too late"},
        sentence={
            "de": "Geprüft wurde genug, aber erst nach der Auskunft oder Änderung.",
            "en": "Enough was verified in the end, but only after something was told or changed.",
        },
        severity="medium",
    ),
    ViolationRecord(
        id="factor_leaked",
        name={"de": "vorgesagtes Merkmal", "en": "leaked factor"},
        sentence={
            "de": "Der Agent las etwas vor, womit man sich ausweist, bevor der Anrufer ausreichend geprüft war.",
            "en": "The agent read out what serves to identify before the caller was verified well enough.",
        },
        severity="high",
    ),
    ViolationRecord(
        id="unauthorised_third_party",
        name={"de": "unberechtigte dritte Person", "en": "unauthorised third party"},
        sentence={
            "de": "Jemand rief für eine andere Person an, und weder eine Vollmacht noch der Kontoinhaber erlaubte es.",
            "en": "Somebody called for another person, and neither an authorisation nor the account holder allowed it.",
        },
        severity="critical",
    ),
    ViolationRecord(
        id="action_after_failed_authentication",
        name={
            "de": "Handlung nach gescheiterter Authentifizierung",
            "en": "action after failed authentication",
        },
        sentence={
            "de": "Eine Antwort war falsch, keine richtige folgte, und doch sagte oder änderte der Agent etwas.",
            "en": "An answer was wrong, no right one followed, and still the agent told or changed something.",
        },
        severity="critical",
    ),
)
VIOLATIONS: Mapping[ViolationType, ViolationRecord] = {record.id: record for record in _RECORDS}

GRAVEST: tuple[ViolationType, ...] = (
    # Somebody else did get the data, or had the account changed: no doubt is left about whom it harms.
    "unauthorised_third_party",
    # There was a warning, a wrong answer, and the agent went on: how most takeovers of accounts sound.
    "action_after_failed_authentication",
    # Anybody could have called; nothing speaks for the right person but a name.
    "no_authentication",
    # Something was known, which a stranger may know too.
    "insufficient_factors",
    # The company told a stranger what the next call will be authenticated with; an action that follows counts besides.
    "factor_leaked",
    # It was the right person, which the agent could not know yet.
    "late_authentication",
)
"""The types by how grave they are, the gravest first, where a policy gives them one severity."""
