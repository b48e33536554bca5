"""The verdict that a model gave in one go (strategy `direct`): taken as it is, with what follows from it.

No facts stand behind it, so factors and actions stay empty, and a check only says what the claim says.
"""

from collections.abc import Iterator

from ausweis.facts import Claim, Facts
from ausweis.judging.checks import FAILED_BY, check_of
from ausweis.judging.hearing import shown_badly
from ausweis.judging.policy import Policy
from ausweis.judging.reasons import ClaimReason, PlainReason, ReviewReason
from ausweis.judging.review import review_reasons
from ausweis.judging.verdict import Authorisation, Check, Evidence, Verdict, Violation
from ausweis.vocabulary import CHECKS, AuthorisationStatus, CheckId, CheckResult, Outcome

__all__ = ["CLAIM_CONFIDENCE", "CLAIM_RISK", "judge_claim"]

CLAIM_RISK: dict[Outcome, float] = {"violation": 0.9, "inconclusive": 0.5, "compliant": 0.1, "not_applicable": 0.1}
"""Not calibrated: a model's own verdict has no probability; these only sort the review queue."""
CLAIM_CONFIDENCE = 0.9
"""Not calibrated either: it says nothing about the model, and so sends nothing to review."""


def judge_claim(facts: Facts, claim: Claim, policy: Policy, policy_sha256: str | None) -> Verdict:
    """The claim as a verdict; the policy gives the severities."""
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
        unknown_speakers=facts.unknown_speakers,
        badly_heard=[violation.turn for violation in violations if violation.turn in facts.badly_heard],
        heard=shown_badly(facts, (evidence for violation in violations for evidence in violation.evidence)),
        notes=facts.notes,
    )
    reasons = (*_doubts(claim, violations, policy_sha256), *reasons)
    return Verdict(
        call_id=facts.call_id,
        outcome=claim.outcome,
        violations=violations,
        first_violation_turn=violations[0].turn if violations else None,
        caller=claim.caller,
        authorisation=Authorisation(status=_authorisation(claim, violations)),
        checks=tuple(_check(check, claim, violations) for check in CHECKS),
        risk=CLAIM_RISK[claim.outcome],
        confidence=CLAIM_CONFIDENCE,
        needs_review=bool(reasons),
        review_reasons=reasons,
        own_words=policy.own_words,
    )


def _doubts(claim: Claim, violations: tuple[Violation, ...], policy_sha256: str | None) -> Iterator[ReviewReason]:
    if claim.outcome == "violation" and not violations:
        yield PlainReason(code="claim_without_place")
    if claim.violations and claim.outcome != "violation":
        yield PlainReason(code="claim_contradicts_itself")
    if policy_sha256 not in (None, claim.policy_sha256):
        yield PlainReason(code="claim_by_other_policy")


def _violations(claim: Claim, policy: Policy) -> tuple[Violation, ...]:
    violations: dict[tuple[str, int], Violation] = {}
    for claimed in sorted(claim.violations, key=lambda claimed: claimed.turn):
        evidence = Evidence(turn=claimed.turn, quote=claimed.quote, start=claimed.start, end=claimed.end)
        violation = Violation(
            type=claimed.type,
            turn=claimed.turn,
            severity=policy.severity_of(claimed.type),
            reason=ClaimReason(),
            evidence=(evidence,),
        )
        violations.setdefault((claimed.type, claimed.turn), violation)
    return tuple(violations.values())


def _authorisation(claim: Claim, violations: tuple[Violation, ...]) -> AuthorisationStatus:
    if any(violation.type == "unauthorised_third_party" for violation in violations):
        return "missing"
    return "unclear" if claim.caller == "third_party" else "not_needed"


def _check(check: CheckId, claim: Claim, violations: tuple[Violation, ...]) -> Check:
    failing = [violation for violation in violations if violation.type in FAILED_BY[check]]
    evidence = (quote for violation in failing for quote in violation.evidence)
    return check_of(check, "fail" if failing else _result(check, claim), evidence)


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
