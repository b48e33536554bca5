"""The words of the domain: closed lists that code, prompts, policies and reports share.

Nothing here depends on anything else in the package, so every room may import it.
"""

from typing import Literal, get_args

__all__ = [
    "CALLERS",
    "CATEGORIES",
    "CHANGES",
    "CHECKS",
    "DISCLOSURES",
    "FACTORS",
    "INCIDENTS",
    "OUTCOMES",
    "SEVERITIES",
    "STRONG_FACTORS",
    "VIOLATIONS",
    "ActionKind",
    "AuthorisationStatus",
    "Caller",
    "Category",
    "CheckId",
    "CheckResult",
    "Factor",
    "FactorStatus",
    "IncidentKind",
    "Outcome",
    "Severity",
    "Speaker",
    "ViolationType",
    "kind_of",
]

Speaker = Literal["agent", "caller", "unknown"]

Factor = Literal[
    "name",
    "date_of_birth",
    "address",
    "phone_number",
    "email",
    "customer_number",
    "contract_number",
    "invoice_detail",
    "meter_number",
    "card_number",
    "device_number",
    "iban_last4",
    "pin",
    "password",
    "security_answer",
    "one_time_code",
    "callback",
    "pre_authenticated",
]
ActionKind = Literal["disclosure", "change"]
Category = Literal[
    "contact_data",
    "contract_data",
    "financial_data",
    "usage_data",
    "credentials",
    "contact_change",
    "contract_change",
    "payment_change",
    "credential_change",
    "device_change",
]
Outcome = Literal["compliant", "violation", "not_applicable", "inconclusive"]
ViolationType = Literal[
    "no_authentication",
    "insufficient_factors",
    "late_authentication",
    "factor_leaked",
    "unauthorised_third_party",
    "action_after_failed_authentication",
]
IncidentKind = Literal[
    "wrong_promise",
    "wrong_terms",
    "cancel_threat",
    "lawyer_threat",
    "regulator_threat",
    "press_threat",
    "rude_agent",
]
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

FACTORS: tuple[Factor, ...] = get_args(Factor)
CATEGORIES: tuple[Category, ...] = get_args(Category)
DISCLOSURES: tuple[Category, ...] = CATEGORIES[:5]
CHANGES: tuple[Category, ...] = CATEGORIES[5:]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
VIOLATIONS: tuple[ViolationType, ...] = get_args(ViolationType)
INCIDENTS: tuple[IncidentKind, ...] = get_args(IncidentKind)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
CALLERS: tuple[Caller, ...] = get_args(Caller)
CHECKS: tuple[CheckId, ...] = get_args(CheckId)

STRONG_FACTORS: frozenset[Factor] = frozenset(
    {"pin", "password", "security_answer", "one_time_code", "callback", "pre_authenticated"}
)
"""Factors that prove; all others only identify, since people near the customer know them."""


def kind_of(category: Category) -> ActionKind:
    """Whether an action of this category discloses or changes."""
    return "change" if category in CHANGES else "disclosure"
