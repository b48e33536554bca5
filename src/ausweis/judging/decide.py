"""The core of judging: moments and rules in, a decision out. Quick, since risk asks it about many joint outcomes."""

from dataclasses import dataclass

from ausweis.judging.actions import Act, acts_of
from ausweis.judging.evidence import Trace, trace
from ausweis.judging.rules import DONE, NAME, PRE_AUTHENTICATED, Rules
from ausweis.judging.timeline import Moment
from ausweis.judging.violations import BrokenRule, broken_rules
from ausweis.vocabulary import Caller, Outcome

__all__ = ["Decision", "caller_of", "decide", "identified"]

RESPONSES = frozenset({"refuses", "rejects", "authorisation_missing"})
"""With one of these and no action, a request was held back: compliant, and not merely nothing to judge."""


@dataclass(slots=True)
class Decision:
    """What holds if exactly these moments happened and the recording is whole.

    `doubtful`: with a defect of the recording, nobody could tell; the outcome is then `inconclusive`.
    """

    moments: list[Moment]
    trace: Trace
    acts: list[Act]
    broken: list[BrokenRule]
    outcome: Outcome
    doubtful: bool


def decide(moments: list[Moment], rules: Rules) -> Decision:
    """Judge these moments, which stand in order of time."""
    followed = trace(moments, rules)
    acts = acts_of(moments, followed, rules)
    broken = broken_rules(acts, followed, rules)
    outcome: Outcome = "not_applicable"
    if broken:
        outcome = "violation"
    elif acts or any(moment.kind in RESPONSES for moment in moments):
        outcome = "compliant"
    third_party = any(rule.type == "unauthorised_third_party" for rule in broken)
    doubtful = bool(broken) and not followed.rejections and not third_party
    return Decision(moments, followed, acts, broken, outcome, doubtful)


def caller_of(decision: Decision) -> Caller:
    """Who speaks when the action is made; without an action, who speaks at the end."""
    at_end = not decision.acts and decision.trace.speaking[-1].other is not None
    if at_end or any(act.speaking.other is not None for act in decision.acts):
        return "third_party"
    known = NAME | DONE
    named = any(given.bit & known and not given.struck for given in decision.trace.given)
    if named or any(moment.kind == "holder_joins" for moment in decision.moments):
        return "account_holder"
    return "unclear"


def identified(decision: Decision) -> Moment | None:
    """The moment from which the caller is known: a verified name, or an authentication made before the call."""
    for given in decision.trace.counting:
        if given.bit & (NAME | PRE_AUTHENTICATED):
            return given.moment
    return None
