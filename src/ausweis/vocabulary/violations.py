"""Types of violation. Which one it is: `judging.violations`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ausweis.vocabulary.lists import Severity, Texts

__all__ = ["VIOLATIONS", "ViolationRecord", "ViolationType"]

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
    """All that the program knows of a type of violation. `severity`: unless a policy says otherwise."""

    id: ViolationType
    name: Texts
    severity: Severity


_RECORDS = (
    ViolationRecord(
        id="no_authentication",
        name={"de": "keine Authentifizierung", "en": "no authentication"},
        severity="critical",
    ),
    ViolationRecord(
        id="insufficient_factors",
        name={"de": "zu wenige Merkmale", "en": "too few factors"},
        severity="high",
    ),
    ViolationRecord(
        id="late_authentication",
        name={"de": "zu späte Authentifizierung", "en": "authentication too late"},
        severity="medium",
    ),
    ViolationRecord(
        id="factor_leaked",
        name={"de": "vorgesagtes Merkmal", "en": "leaked factor"},
        severity="high",
    ),
    ViolationRecord(
        id="unauthorised_third_party",
        name={"de": "unberechtigte dritte Person", "en": "unauthorised third party"},
        severity="critical",
    ),
    ViolationRecord(
        id="action_after_failed_authentication",
        name={
            "de": "Handlung nach gescheiterter Authentifizierung",
            "en": "action after failed authentication",
        },
        severity="critical",
    ),
)
VIOLATIONS: Mapping[ViolationType, ViolationRecord] = {record.id: record for record in _RECORDS}
