"""The core of judging: moments and rules in, a decision out. Quick, since risk asks it about many joint outcomes.

The protected actions of a call are each measured by what was verified before them; what was broken is one a type, turn
and action, with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ausweis.judging.evidence import Given, Moment, Speaking, Trace, trace
from ausweis.judging.verdict import (
    LateReason,
    LeakReason,
    RejectionReason,
    ThirdPartyReason,
    UnmetReason,
    ViolationReason,
)
from ausweis.policies.rules import DONE, NAME, PRE_AUTHENTICATED, Rules
from ausweis.vocabulary import CATEGORIES, FACTORS, VIOLATIONS, AuthorisationStatus, Caller, Outcome, ViolationType

RESPONSES = frozenset({"refuses", "rejects", "authorisation_missing"})
"""With one of these and no action, a request was held back: compliant, and not merely nothing to judge."""
DISCLOSED_BY: dict[str | None, str] = {
    factor: record.read_out
    for factor, record in FACTORS.items()
    if record.read_out is not None and CATEGORIES[record.read_out].by_reading_out
}
"""Of factors that are disclosures too when they are read out, the category; no own one is."""
END = 1 << 30
WEAKEST = 0
"""The level that every set of factors meets which meets any."""


@dataclass(slots=True)
class Scenario:
    """What holds if exactly these moments happened and the recording is whole.

    `doubtful`: with a defect of the recording, nobody could tell; the outcome is then `inconclusive`.
    """

    moments: list[Moment]
    trace: Trace
    acts: "list[Act]"
    broken: "list[BrokenRule]"
    outcome: Outcome
    doubtful: bool


def decide(moments: list[Moment], rules: Rules) -> Scenario:
    """Judge these moments, which stand in order of time."""
    followed = trace(moments, rules)
    acts = _acts_of(moments, followed, rules)
    broken = _broken_rules(acts, followed, rules)
    outcome: Outcome = "not_applicable"
    if broken:
        outcome = "violation"
    elif acts or any(moment.kind in RESPONSES for moment in moments):
        outcome = "compliant"
    third_party = any(rule.type == "unauthorised_third_party" for rule in broken)
    doubtful = bool(broken) and not followed.rejections and not third_party
    return Scenario(moments, followed, acts, broken, outcome, doubtful)


@dataclass(slots=True)
class Act:
    """One action. `held`: the factors verified before it; `later`: whether the level is met at the call's end.

    `speaking` says for whom it was made; `authorisation` what allowed it for a third party.
    """

    moment: Moment
    category: str
    level: int
    held: int
    met: bool
    later: bool
    speaking: Speaking
    authorisation: Moment | None

    @property
    def unauthorised(self) -> bool:
        """Whether a third party had it done without being allowed to."""
        return self.speaking.other is not None and self.authorisation is None


def _acts_of(moments: list[Moment], trace: Trace, rules: Rules) -> list[Act]:
    """All actions in order of time, one a turn and category."""
    first: dict[tuple[int, str], Moment] = {}
    for moment in moments:
        if moment.kind in ("discloses", "changes"):
            first.setdefault((moment.turn, str(moment.subject)), moment)
    for read_out in trace.read_outs:
        category = DISCLOSED_BY.get(read_out.moment.subject)
        if category is not None and not read_out.repeats:
            first.setdefault((read_out.moment.turn, category), read_out.moment)
    acts = [_measure(moment, category, trace, rules) for (_, category), moment in first.items()]
    acts.sort(key=lambda act: act.moment.place)
    return acts


def _measure(moment: Moment, category: str, trace: Trace, rules: Rules) -> Act:
    level = rules.level_of[category]
    speaking, held = _standing_at(moment.turn, trace, rules)
    met = rules.met(held, level)
    authorisation = None
    if speaking.other is not None and "on_file" in rules.third_party:
        authorisation = next((shown for shown in trace.authorisations if shown.turn <= moment.turn), None)
    return Act(
        moment=moment,
        category=category,
        level=level,
        held=held,
        met=met,
        later=met or rules.met(trace.held(END, speaking), level),
        speaking=speaking,
        authorisation=authorisation,
    )


def _standing_at(turn: int, trace: Trace, rules: Rules) -> tuple[Speaking, int]:
    """For whom what is done in a turn is done, and the factors verified by then."""
    speaking = trace.speaks_at(turn)
    held = trace.held(turn, speaking)
    if speaking.before is not None and not rules.met(held, WEAKEST):
        # An account holder on the line who does not authenticate, to no level at all, is as good as not there.
        speaking = speaking.before
        held = trace.held(turn, speaking)
    return speaking, held


def _completing(act: Act, trace: Trace, rules: Rules) -> Given:
    """The later factor with which the level of an action that was unmet was met at last."""
    held = act.held
    for given in trace.counting:
        if given.since > act.moment.turn and act.speaking.counts(given):
            held |= given.bit
            if rules.met(held, act.level):
                return given
    raise LookupError("the level was never met")


class BrokenRule(NamedTuple):
    """A broken rule. `events`: the places of the events that show it, the action or read-out first."""

    type: ViolationType
    turn: int
    events: tuple[int, ...]
    act: Act | None = None


def _broken_rules(acts: list[Act], trace: Trace, rules: Rules) -> list[BrokenRule]:
    """All that were broken, the earliest first."""
    # What agents read out before its level was met. What the caller said before, an agent may repeat.
    leaks: dict[int, list[Moment]] = {}
    for moment, repeats in trace.read_outs:
        if not repeats and not rules.met(
            _standing_at(moment.turn, trace, rules)[1], rules.read_out[str(moment.subject)]
        ):
            leaks.setdefault(moment.turn, []).append(moment)
    broken = [BrokenRule("factor_leaked", turn, tuple(m.place for m in told)) for turn, told in leaks.items()]
    for act in acts:
        turn = act.moment.turn
        other = act.speaking.other
        if act.unauthorised and other is not None:
            broken.append(BrokenRule("unauthorised_third_party", turn, (act.moment.place, other.place), act))
        if act.met:
            continue
        kind, events = _unmet(act, trace, rules, leaked=any(told < turn for told in leaks))
        broken.append(BrokenRule(kind, turn, (act.moment.place, *events), act))
    order = list(VIOLATIONS)
    broken.sort(key=lambda rule: (rule.turn, order.index(rule.type), rule.events))
    return broken


def _unmet(act: Act, trace: Trace, rules: Rules, *, leaked: bool) -> tuple[ViolationType, tuple[int, ...]]:
    """Which violation an action is whose level was not met before it, and the events that show it besides."""
    rejection = next((moment for moment in reversed(trace.rejections) if moment.place < act.moment.place), None)
    if rejection is not None and not act.later and not _answered_since(rejection, act, trace):
        return "action_after_failed_authentication", (rejection.place,)
    if act.later:
        return "late_authentication", (_completing(act, trace, rules).moment.place,)
    proven = any(given.bit != NAME and act.speaking.counts(given) for given in trace.counting)
    if proven or leaked or act.speaking.other is not None:
        return "insufficient_factors", ()
    return "no_authentication", ()


def _answered_since(rejection: Moment, act: Act, trace: Trace) -> bool:
    """Whether a right answer followed the rejection before the action; a name proves nothing."""
    return any(
        given.moment.place > rejection.place
        and given.since <= act.moment.turn
        and act.speaking.counts(given)
        and given.bit != NAME
        for given in trace.counting
    )


def reason_of(broken: BrokenRule, moments: Sequence[Moment], trace: Trace, rules: Rules) -> ViolationReason:
    """Why it is broken: what was missing. `moments`: all of the call."""
    act = broken.act
    if act is None:
        return _leak(broken, moments, trace, rules)
    if broken.type == "unauthorised_third_party":
        return ThirdPartyReason(accepted=rules.third_party)
    lacking: dict[str, Any] = {"level": rules.levels[act.level], "missing": _missing(rules, act.held, act.level)}
    if broken.type in ("no_authentication", "insufficient_factors"):
        return UnmetReason(code=broken.type, **lacking)
    # The rejection, or the later factor.
    shown = next(moment for moment in moments if moment.place == broken.events[-1])
    if broken.type == "late_authentication":
        factor = shown.subject if shown.kind == "gives" else shown.kind
        return LateReason(turn=shown.turn, factor=factor, **lacking)
    return RejectionReason(turn=shown.turn, **lacking)


def _leak(broken: BrokenRule, moments: Sequence[Moment], trace: Trace, rules: Rules) -> LeakReason:
    told = list(dict.fromkeys(str(moment.subject) for moment in moments if moment.place in broken.events))
    level = max(rules.read_out[factor] for factor in told)
    _, held = _standing_at(broken.turn, trace, rules)
    return LeakReason(level=rules.levels[level], missing=_missing(rules, held, level), told=tuple(told))


def _missing(rules: Rules, held: int, level: int) -> tuple[tuple[str, ...], ...]:
    return tuple(map(rules.factors_in, rules.missing(held, level)))


def caller_of(decision: Scenario) -> Caller:
    """Who speaks when the action is made; without an action, who speaks at the end."""
    at_end = not decision.acts and decision.trace.speaking[-1].other is not None
    if at_end or any(act.speaking.other is not None for act in decision.acts):
        return "third_party"
    known = NAME | DONE
    named = any(given.bit & known and not given.struck for given in decision.trace.given)
    if named or any(moment.kind == "holder_joins" for moment in decision.moments):
        return "account_holder"
    return "unclear"


def identified(decision: Scenario) -> Moment | None:
    """The moment from which the caller is known: a verified name, or an authentication made before the call."""
    for given in decision.trace.counting:
        if given.bit & (NAME | PRE_AUTHENTICATED):
            return given.moment
    return None


def authorisation_of(decision: Scenario, rules: Rules) -> tuple[AuthorisationStatus, Moment | None]:
    """The status for the whole call and the moment that shows it; the worst action decides.

    Where the account holder takes over, they are present once they authenticate, to whatever level; until then it is
    `unclear`.
    """
    if not any(moment.kind == "speaks_for_other" for moment in decision.moments):
        return "not_needed", None
    missing = next((moment for moment in decision.moments if moment.kind == "authorisation_missing"), None)
    others = [act for act in decision.acts if act.speaking.other is not None]
    if any(act.unauthorised for act in others):
        return "missing", missing
    if others:
        return "on_file", others[0].authorisation
    joined = [speaking for speaking in decision.trace.speaking if speaking.before is not None]
    if joined:
        shown = next(m for m in decision.moments if m.kind == "holder_joins" and m.turn == joined[0].start)
        return ("holder_present" if rules.met(decision.trace.held(END, joined[0]), WEAKEST) else "unclear"), shown
    if missing is not None:
        return "missing", missing
    if decision.trace.authorisations and "on_file" in rules.third_party:
        return "on_file", decision.trace.authorisations[0]
    return "unclear", None
