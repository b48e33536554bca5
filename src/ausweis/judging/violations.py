"""Which rules were broken, one a type, turn and action, and why."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ausweis.judging.actions import Act, completing, leaks_of, standing_at
from ausweis.judging.evidence import Trace
from ausweis.judging.reasons import (
    LateReason,
    LeakReason,
    RejectionReason,
    ThirdPartyReason,
    UnmetReason,
    ViolationReason,
)
from ausweis.judging.rules import NAME, Rules
from ausweis.judging.timeline import Moment
from ausweis.vocabulary import VIOLATIONS, ViolationType

__all__ = ["BrokenRule", "broken_rules", "reason_of"]


class BrokenRule(NamedTuple):
    """A broken rule. `events`: the places of the events that show it, the action or read-out first."""

    type: ViolationType
    turn: int
    events: tuple[int, ...]
    act: Act | None = None


def broken_rules(acts: list[Act], trace: Trace, rules: Rules) -> list[BrokenRule]:
    """All that were broken, the earliest first."""
    leaks: dict[int, list[Moment]] = {}
    for leak in leaks_of(trace, rules):
        leaks.setdefault(leak.moment.turn, []).append(leak.moment)
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
        return "late_authentication", (completing(act, trace, rules).moment.place,)
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
    _, held = standing_at(broken.turn, trace, rules)
    return LeakReason(level=rules.levels[level], missing=_missing(rules, held, level), told=tuple(told))


def _missing(rules: Rules, held: int, level: int) -> tuple[tuple[str, ...], ...]:
    return tuple(map(rules.factors_in, rules.missing(held, level)))
