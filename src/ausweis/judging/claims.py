"""The verdict that a model gave in one go (strategy `direct`): taken as it is, with what follows from it.

No facts stand behind it, so factors and actions stay empty, and a check only says what the claim says.
"""

from ausweis.judging.checks import FAILED_BY, reason_of
from ausweis.judging.policy import Policy
from ausweis.judging.review import review_reasons
from ausweis.judging.verdict import Authorisation, Check, Evidence, Verdict, Violation
from ausweis.reading.facts import Claim, Facts
from ausweis.vocabulary import (
    CHECKS,
    AuthorisationStatus,
    CheckId,
    CheckResult,
    Language,
    Outcome,
    Severity,
    name_of,
)

__all__ = ["CLAIM_CONFIDENCE", "CLAIM_RISK", "judge_claim"]

CLAIM_RISK: dict[Outcome, float] = {"violation": 0.9, "inconclusive": 0.5, "compliant": 0.1, "not_applicable": 0.1}
"""Not calibrated: a model's own verdict has no probability; these only sort the review queue."""
CLAIM_CONFIDENCE = 0.9
"""Not calibrated either: it says nothing about the model, and so sends nothing to review."""

TEXTS: dict[Language, dict[str, str]] = {
    "de": {
        "reason": "Das Modell nennt hier: {violation}; das ist sein eigenes Urteil und aus keinen Fakten hergeleitet.",
        "no_place": "Das Modell nennt einen Verstoß, aber keine Stelle, die ihn belegt.",
        "contradiction": "Das Modell nennt Verstöße, urteilt aber anders; sie sind weggelassen.",
        "other_policy": "Das Modell hat nach einer anderen Policy geurteilt.",
    },
    "en": {
        "reason": "The model names here: {violation}; that is its own judgement and derived from no facts.",
        "no_place": "The model names a violation, but no place that shows it.",
        "contradiction": "The model names violations, but judges otherwise; they are left out.",
        "other_policy": "The model judged by another policy.",
    },
}


def judge_claim(facts: Facts, claim: Claim, policy: Policy, policy_sha256: str | None) -> Verdict:
    """The claim as a verdict; the policy gives the severities and the language."""
    texts = TEXTS[policy.language]
    stated = claim.outcome == "violation"
    violations = _violations(claim, policy) if stated else ()
    reasons = review_reasons(
        outcome=claim.outcome,
        confidence=CLAIM_CONFIDENCE,
        violations=violations,
        thinnest=1.0,
        caller=claim.caller,
        acted=stated,
        roles=facts.roles_confidence,
        badly_heard=[one.turn for one in violations if one.turn in facts.badly_heard],
        notes=facts.notes,
        language=policy.language,
    )
    more = [
        texts["no_place"] if stated and not violations else "",
        texts["contradiction"] if claim.violations and not stated else "",
        texts["other_policy"] if policy_sha256 not in (None, claim.policy_sha256) else "",
    ]
    reasons = (*(text for text in more if text), *reasons)
    return Verdict(
        call_id=facts.call_id,
        outcome=claim.outcome,
        violations=violations,
        first_violation_turn=violations[0].turn if violations else None,
        caller=claim.caller,
        authorisation=Authorisation(status=_authorisation(claim, violations)),
        checks=tuple(_check(check, claim, violations, policy.language) for check in CHECKS),
        risk=CLAIM_RISK[claim.outcome],
        confidence=CLAIM_CONFIDENCE,
        needs_review=bool(reasons),
        review_reasons=reasons,
    )


def _violations(claim: Claim, policy: Policy) -> tuple[Violation, ...]:
    found: dict[tuple[str, int], Violation] = {}
    for one in sorted(claim.violations, key=lambda claimed: claimed.turn):
        severity: Severity = policy.severity_of(one.type)
        violation = Violation(
            type=one.type,
            turn=one.turn,
            severity=severity,
            reason=TEXTS[policy.language]["reason"].format(violation=name_of(one.type, policy.language)),
            evidence=(Evidence(turn=one.turn, quote=one.quote, start=one.start, end=one.end),),
        )
        found.setdefault((one.type, one.turn), violation)
    return tuple(found.values())


def _authorisation(claim: Claim, violations: tuple[Violation, ...]) -> AuthorisationStatus:
    if any(one.type == "unauthorised_third_party" for one in violations):
        return "missing"
    return "unclear" if claim.caller == "third_party" else "not_needed"


def _check(check: CheckId, claim: Claim, violations: tuple[Violation, ...], language: Language) -> Check:
    failing = [one for one in violations if one.type in FAILED_BY[check]]
    evidence = tuple(quote for one in failing for quote in one.evidence)
    result = "fail" if failing else _result(check, claim)
    return Check(id=check, result=result, reason=reason_of(check, result, language), evidence=evidence)


def _result(check: CheckId, claim: Claim) -> CheckResult:
    """What the claim says about a check that no violation of it fails."""
    if claim.outcome == "not_applicable":
        return "not_applicable"
    if claim.outcome == "inconclusive" or (claim.outcome == "violation" and not claim.violations):
        return "unclear"
    if check == "caller_identified":
        return "unclear" if claim.caller == "unclear" else "pass"
    if check == "third_party_authorised" and claim.caller != "third_party":
        return "not_applicable"
    # Whether an answer was rejected at all, a claim does not say.
    return "unclear" if check == "failed_authentication_handled" else "pass"
