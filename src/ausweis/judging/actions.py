"""The protected actions of a call, each measured by what was verified before it."""

from dataclasses import dataclass

from ausweis.judging.evidence import Given, ReadOut, Speaking, Trace
from ausweis.judging.rules import Rules
from ausweis.judging.timeline import Moment
from ausweis.vocabulary import CATEGORIES, FACTORS

__all__ = ["END", "WEAKEST", "Act", "acts_of", "completing", "leaks_of", "standing_at"]

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


def acts_of(moments: list[Moment], trace: Trace, rules: Rules) -> list[Act]:
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
    speaking, held = standing_at(moment.turn, trace, rules)
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


def standing_at(turn: int, trace: Trace, rules: Rules) -> tuple[Speaking, int]:
    """For whom what is done in a turn is done, and the factors verified by then."""
    speaking = trace.speaks_at(turn)
    held = trace.held(turn, speaking)
    if speaking.before is not None and not rules.met(held, WEAKEST):
        # An account holder on the line who does not authenticate, to no level at all, is as good as not there.
        speaking = speaking.before
        held = trace.held(turn, speaking)
    return speaking, held


def leaks_of(trace: Trace, rules: Rules) -> list[ReadOut]:
    """What agents read out before its level was met. What the caller said before, an agent may repeat."""
    return [
        read_out
        for read_out in trace.read_outs
        if not read_out.repeats and not _may_be_read_out(read_out.moment, trace, rules)
    ]


def _may_be_read_out(moment: Moment, trace: Trace, rules: Rules) -> bool:
    _, held = standing_at(moment.turn, trace, rules)
    return rules.met(held, rules.read_out[str(moment.subject)])


def completing(act: Act, trace: Trace, rules: Rules) -> Given:
    """The later factor with which the level of an action that was unmet was met at last.

    Raises:
        LookupError: it never was; the action's `later` says whether.
    """
    held = act.held
    for given in trace.counting:
        if given.since > act.moment.turn and act.speaking.counts(given):
            held |= given.bit
            if rules.met(held, act.level):
                return given
    raise LookupError("the level was never met")
