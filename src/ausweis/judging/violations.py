"""Which rules were broken: the table of violations, one finding a type, turn and action."""

from typing import NamedTuple

from ausweis.judging.actions import Act, completing, leaks_of
from ausweis.judging.evidence import Trace
from ausweis.judging.rules import NAME, Rules
from ausweis.judging.timeline import Moment
from ausweis.vocabulary import VIOLATIONS, ViolationType

__all__ = ["Finding", "findings_of"]


class Finding(NamedTuple):
    """A broken rule. `events`: the places of the events that show it, the action or read-out first."""

    type: ViolationType
    turn: int
    events: tuple[int, ...]
    act: Act | None = None


def findings_of(acts: list[Act], trace: Trace, rules: Rules) -> list[Finding]:
    """All findings, the earliest first."""
    leaks: dict[int, list[Moment]] = {}
    for leak in leaks_of(trace, rules):
        leaks.setdefault(leak.moment.turn, []).append(leak.moment)
    found = [Finding("factor_leaked", turn, tuple(m.place for m in told)) for turn, told in leaks.items()]
    for act in acts:
        turn = act.moment.turn
        if act.unauthorised and act.other is not None:
            found.append(Finding("unauthorised_third_party", turn, (act.moment.place, act.other.place), act))
        if act.met:
            continue
        kind, events = _unmet(act, trace, rules, leaked=any(told < turn for told in leaks))
        found.append(Finding(kind, turn, (act.moment.place, *events), act))
    order = list(VIOLATIONS)
    found.sort(key=lambda finding: (finding.turn, order.index(finding.type), finding.events))
    return found


def _unmet(act: Act, trace: Trace, rules: Rules, *, leaked: bool) -> tuple[ViolationType, tuple[int, ...]]:
    """Which violation an action is whose level was not met before it, and the events that show it besides."""
    turn = act.moment.turn
    rejection = next((one for one in reversed(trace.rejections) if one.turn <= turn), None)
    if rejection is not None and not act.later and not _answered_since(rejection, act, trace):
        return "action_after_failed_authentication", (rejection.place,)
    if act.later:
        last = completing(act, trace, rules)
        return "late_authentication", (last.moment.place,) if last is not None else ()
    some = any(given.bit != NAME and given.moment.turn >= act.start for given in trace.counting)
    if some or leaked or act.other is not None:
        return "insufficient_factors", ()
    return "no_authentication", ()


def _answered_since(rejection: Moment, act: Act, trace: Trace) -> bool:
    """Whether a right answer followed the rejection before the action; a name proves nothing."""
    return any(
        given.moment.place > rejection.place
        and given.since <= act.moment.turn
        and given.moment.turn >= act.start
        and given.bit != NAME
        for given in trace.counting
    )
