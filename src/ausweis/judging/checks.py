"""The six questions of the review, each answered by one function."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ausweis.judging.decide import Act, Scenario, identified
from ausweis.judging.verdict import Check, CheckCode, CheckResultReason, Evidence
from ausweis.policies.rules import Rules
from ausweis.vocabulary import CHECKS, CheckId, CheckResult, ViolationType

Answer = tuple[CheckResult, tuple[int, ...]]
"""The result, and the places of the events that show it."""
RESULTS: tuple[CheckResult, ...] = ("pass", "fail", "not_applicable", "unclear")


class _Question(NamedTuple):
    """How a check is answered, and why it has each of the `RESULTS`."""

    answer: Callable[[Scenario, Rules], Answer]
    codes: tuple[CheckCode, CheckCode, CheckCode, CheckCode]


def check_of(check: CheckId, result: CheckResult, evidence: Iterable[Evidence]) -> Check:
    """The check as the verdict holds it."""
    reason = CheckResultReason(code=_QUESTIONS[check].codes[RESULTS.index(result)])
    return Check(id=check, result=result, reason=reason, evidence=tuple(evidence))


def answers(decision: Scenario, rules: Rules, *, inconclusive: bool) -> list[tuple[CheckId, Answer]]:
    """All checks, in the order of `vocabulary.CHECKS`. Where nobody can tell, what would fail is `unclear`."""
    told = []
    for check in CHECKS:
        result, events = _QUESTIONS[check].answer(decision, rules)
        told.append((check, ("unclear" if inconclusive and result == "fail" else result, events)))
    return told


def _caller_identified(decision: Scenario, rules: Rules) -> Answer:
    moment = identified(decision)
    if moment is not None:
        return "pass", (moment.place,)
    if decision.acts and rules.name_required:
        return "fail", (decision.acts[0].moment.place,)
    return "not_applicable", ()


def _all_acts(decision: Scenario, good: Callable[[Act], bool]) -> Answer:
    if not decision.acts:
        return "not_applicable", ()
    bad = tuple(act.moment.place for act in decision.acts if not good(act))
    return ("fail", bad) if bad else ("pass", ())


def _no_factor_leaked(decision: Scenario, rules: Rules) -> Answer:
    events = _shown(decision, "factor_leaked")
    if events:
        return "fail", events
    came_up = decision.acts or decision.trace.given or decision.trace.read_outs
    return ("pass", ()) if came_up else ("not_applicable", ())


def _third_party_authorised(decision: Scenario, rules: Rules) -> Answer:
    events = _shown(decision, "unauthorised_third_party")
    if events:
        return "fail", events
    allowed = [act.authorisation.place for act in decision.acts if act.authorisation is not None]
    joined = [act for act in decision.acts if act.speaking.before is not None]
    if not allowed and not joined:
        return "not_applicable", ()
    # An account holder who joins and does not authenticate may be anybody.
    return ("pass", tuple(allowed[:1])) if all(act.met for act in joined) else ("unclear", ())


def _failed_authentication_handled(decision: Scenario, rules: Rules) -> Answer:
    events = _shown(decision, "action_after_failed_authentication")
    if events:
        return "fail", events
    rejections = tuple(moment.place for moment in decision.trace.rejections)
    return ("pass", rejections) if rejections else ("not_applicable", ())


def _shown(decision: Scenario, violation: ViolationType) -> tuple[int, ...]:
    return tuple(dict.fromkeys(place for rule in decision.broken if rule.type == violation for place in rule.events))


_QUESTIONS: dict[CheckId, _Question] = {
    "caller_identified": _Question(
        _caller_identified, ("caller_known", "caller_unknown", "caller_not_needed", "caller_not_recognisable")
    ),
    "factors_sufficient": _Question(
        lambda decision, rules: _all_acts(decision, lambda act: act.later),
        ("enough_verified", "too_little_verified", "no_action", "verification_not_recognisable"),
    ),
    "authenticated_before_action": _Question(
        lambda decision, rules: _all_acts(decision, lambda act: act.met),
        ("met_before_actions", "not_met_before_actions", "no_action", "order_not_recognisable"),
    ),
    "no_factor_leaked": _Question(
        _no_factor_leaked, ("nothing_leaked", "leaked", "no_factor", "leak_not_recognisable")
    ),
    "third_party_authorised": _Question(
        _third_party_authorised,
        ("third_party_allowed", "third_party_not_allowed", "no_third_party", "third_party_not_recognisable"),
    ),
    "failed_authentication_handled": _Question(
        _failed_authentication_handled,
        ("rejection_heeded", "rejection_ignored", "no_rejection", "rejection_not_recognisable"),
    ),
}
