"""Closed lists that need no record: languages, speakers, outcomes, checks, severities and states."""

from collections.abc import Mapping
from typing import Literal, get_args

__all__ = [
    "CALLERS",
    "CHECKS",
    "LANGUAGES",
    "OUTCOMES",
    "SEVERITIES",
    "SEVERITY_NAMES",
    "AuthorisationStatus",
    "Caller",
    "CheckId",
    "CheckResult",
    "FactorStatus",
    "Language",
    "Outcome",
    "Severity",
    "Speaker",
    "Texts",
]

Language = Literal["de", "en"]
Texts = Mapping[Language, str]
"""The same said in each language."""

Speaker = Literal["agent", "caller", "unknown"]
Outcome = Literal["compliant", "violation", "not_applicable", "inconclusive"]
Severity = Literal["low", "medium", "high", "critical"]
Caller = Literal["account_holder", "third_party", "unclear"]
FactorStatus = Literal["verified", "leaked", "rejected"]
AuthorisationStatus = Literal["not_needed", "on_file", "holder_present", "missing", "unclear"]
CheckId = Literal[
    "caller_identified",
    "factors_sufficient",
    "authenticated_before_action",
    "no_factor_leaked",
    "third_party_authorised",
    "failed_authentication_handled",
]
CheckResult = Literal["pass", "fail", "not_applicable", "unclear"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
SEVERITY_NAMES: Mapping[Severity, Texts] = {
    "low": {"de": "leicht", "en": "low"},
    "medium": {"de": "mittel", "en": "medium"},
    "high": {"de": "schwer", "en": "high"},
    "critical": {"de": "kritisch", "en": "critical"},
}
CALLERS: tuple[Caller, ...] = get_args(Caller)
CHECKS: tuple[CheckId, ...] = get_args(CheckId)
