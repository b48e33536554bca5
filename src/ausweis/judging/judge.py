"""Facts and a policy in, a verdict out. Pure: the same input gives the same verdict, whatever the machine."""

from collections.abc import Iterable, Sequence

from ausweis.facts import Event, Facts
from ausweis.judging.checks import answers, check_of
from ausweis.judging.decide import Scenario, authorisation_of, caller_of, reason_of
from ausweis.judging.evidence import in_order, moments
from ausweis.judging.incidents import counting, incidents_of, not_read
from ausweis.judging.review import hung_on, review_reasons
from ausweis.judging.risk import Outlook, weigh
from ausweis.judging.verdict import Action, Authorisation, Evidence, UsedFactor, Verdict, Violation
from ausweis.policies.policy import Policy
from ausweis.policies.rules import Rules, rules_of

Events = tuple[Event, ...]


def judge(facts: Facts, policy: Policy) -> Verdict:
    """The verdict for one call; its `provenance` is left to the caller.

    Events need not be certain: the outcome is the likeliest one over all that they allow, where as many calls are
    violations as the policy expects; what the verdict says is what most likely happened where it has that outcome.
    """
    return _verdict(facts, policy, rules_of(policy), in_order(counting(facts, policy)), _in_the_field(facts, policy))


def outlook_of(facts: Facts, policy: Policy) -> Outlook:
    """All that the events allow, as the reader's probabilities weigh it: what `risk` is calibrated from."""
    events = in_order(counting(facts, policy))
    outlook = weigh(moments(events), events, facts.defects.values(), rules_of(policy))
    return outlook._replace(unmeasured=facts.unmeasured)


def _in_the_field(facts: Facts, policy: Policy) -> Outlook:
    return outlook_of(facts, policy).in_the_field(policy.expected_violations, facts.turns, facts.calibration)


def _verdict(facts: Facts, policy: Policy, rules: Rules, events: Events, outlook: Outlook) -> Verdict:
    outcome = outlook.likeliest
    decision = outlook.decisions[outcome]
    violations = _violations(decision, rules, policy, events) if outcome == "violation" else ()
    incidents = incidents_of(facts, policy)
    caller = caller_of(decision)
    confidence = _rounded(outlook.weights.get(outcome, 0.0))
    first = decision.broken[0].events if violations else ()
    reasons = review_reasons(
        facts,
        outcome=outcome,
        confidence=confidence,
        violations=violations,
        thinnest=min((events[place].probability for place in first), default=1.0),
        caller_unclear=(caller == "unclear" and bool(decision.acts))
        or any(act.speaking.refused for act in decision.acts),
        heard=hung_on(
            facts,
            lambda changed: _said_of(facts, changed, policy),
            [said for incident in incidents for said in incident.evidence],
        ),
        incidents=incidents,
        not_read=not_read(facts, policy),
    )
    checks = answers(decision, rules, inconclusive=outcome == "inconclusive")
    return Verdict(
        call_id=facts.call_id,
        outcome=outcome,
        violations=violations,
        first_violation_turn=violations[0].turn if violations else None,
        caller=caller,
        factors=_factors(decision, rules, events),
        actions=_actions(decision, rules, events),
        authorisation=_authorisation(decision, rules, events),
        checks=tuple(check_of(check, result, _evidence(places, events)) for check, (result, places) in checks),
        incidents=incidents,
        risk=_rounded(outlook.weights.get("violation", 0.0)),
        confidence=confidence,
        needs_review=bool(reasons),
        review_reasons=reasons,
        own_words=policy.own_words,
    )


def _said_of(facts: Facts, events: Sequence[Event], policy: Policy) -> tuple[object, ...]:
    """What the verdict on these events instead says: its outcome, and what was broken where."""
    outlook = _in_the_field(facts.model_copy(update={"events": tuple(events)}), policy)
    broken = outlook.decisions["violation"].broken if outlook.likeliest == "violation" else ()
    return (outlook.likeliest, *((rule.type, rule.turn, rule.act and rule.act.category) for rule in broken))


def _evidence(places: Iterable[int], events: Events) -> tuple[Evidence, ...]:
    return tuple(Evidence.at(events[place]) for place in places)


def _violations(decision: Scenario, rules: Rules, policy: Policy, events: Events) -> tuple[Violation, ...]:
    return tuple(
        Violation(
            type=rule.type,
            turn=rule.turn,
            severity=policy.severity_of(rule.type),
            action=rule.act.category if rule.act is not None else None,
            reason=reason_of(rule, decision.moments, decision.trace, rules),
            evidence=_evidence(rule.events, events),
        )
        for rule in decision.broken
    )


def _factors(decision: Scenario, rules: Rules, events: Events) -> tuple[UsedFactor, ...]:
    """What came up: factors that the policy accepts, and whatever was leaked."""
    leaks = {place for rule in decision.broken if rule.type == "factor_leaked" for place in rule.events}
    used = [(given.moment.place, given.bit, given.status) for given in decision.trace.given]
    used = [(place, bit, status) for place, bit, status in used if bit & rules.accepted]
    told = [read_out.moment for read_out in decision.trace.read_outs if read_out.moment.place in leaks]
    used += [(moment.place, rules.bits[str(moment.subject)], "leaked") for moment in told]
    return tuple(
        UsedFactor(factor=rules.factors_in(bit)[0], turn=events[place].turn, quote=events[place].quote, status=status)
        for place, bit, status in sorted(used)
    )


def _actions(decision: Scenario, rules: Rules, events: Events) -> tuple[Action, ...]:
    return tuple(
        Action(
            turn=act.moment.turn,
            kind=rules.vocabulary.categories[act.category].kind,
            category=act.category,
            quote=events[act.moment.place].quote,
            level=rules.levels[act.level],
            met=act.met,
        )
        for act in decision.acts
    )


def _authorisation(decision: Scenario, rules: Rules, events: Events) -> Authorisation:
    status, shown = authorisation_of(decision, rules)
    if shown is None:
        return Authorisation(status=status)
    return Authorisation(status=status, turn=shown.turn, quote=events[shown.place].quote)


def _rounded(probability: float) -> float:
    """To four digits; sums of floats may pass 1 by a hair."""
    return round(min(1.0, max(0.0, probability)), 4)
