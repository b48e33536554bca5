"""What became of each factor: said by the caller and accepted, rejected, or told by the agent first.

The rules, in the order in which they are applied:

* The caller gives a factor in turn t: it counts for actions in later turns. `pre_authenticated` and `callback` are
  the agent's own doing and count in their turn already.
* An agent rejects a named factor: the last answer with it that still stands falls. An agent rejects without saying
  what: all that the caller gave in the last turn that gave something falls, unless the agent accepted it in between.
  The pieces of such an answer in turns before fall with it.
  The name stays, unless it was all that was given: what is wrong is usually the secret.
  Where the caller then corrects one of the answers that fell, that one was meant: the others stand again.
* A factor that the agent told before the caller gave it does not count (`leaked`).
* What is given after as many rejections as the policy allows attempts does not count (`rejected`).
* When the account holder takes over from a third party, only what is given from then on counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ausweis.judging.rules import DONE, NAME, Rules
from ausweis.judging.timeline import Moment
from ausweis.vocabulary import FactorStatus

__all__ = ["Given", "ReadOut", "Speaking", "Trace", "trace"]


@dataclass(slots=True)
class Given:
    """One factor that came up. `since`: the first turn whose actions it counts for. `struck`: an agent rejected it."""

    moment: Moment
    bit: int
    since: int
    status: FactorStatus
    struck: bool = False


@dataclass(slots=True)
class ReadOut:
    """An agent said the value of a factor; `repeats` when the caller had said it before."""

    moment: Moment
    repeats: bool


@dataclass(slots=True)
class Speaking:
    """Who speaks from a turn on: a third party (`other` holds the words that say so) or the account holder.

    `start`: factors count from this turn on. `before`: the third party from whom an account holder took over.
    """

    turn: int
    other: Moment | None
    start: int
    before: "Speaking | None" = None


@dataclass(slots=True)
class Trace:
    """All that an action is measured by."""

    given: list[Given] = field(default_factory=list)
    read_outs: list[ReadOut] = field(default_factory=list)
    rejections: list[Moment] = field(default_factory=list)
    speaking: list[Speaking] = field(default_factory=lambda: [Speaking(0, None, 0)])
    authorisations: list[Moment] = field(default_factory=list)
    counting: list[Given] = field(default_factory=list)
    """The verified factors that the policy accepts."""

    def held(self, turn: int, start: int) -> int:
        """The factors that count for an action in this turn, as a sum of bits."""
        held = 0
        for given in self.counting:
            if given.since <= turn and given.moment.turn >= start:
                held |= given.bit
        return held

    def speaks_at(self, turn: int) -> Speaking:
        """Who speaks when an action is made in this turn."""
        current = self.speaking[0]
        for later in self.speaking:
            if later.turn > turn:
                break
            current = later
        return current


def trace(moments: Sequence[Moment], rules: Rules) -> Trace:
    """Follow all moments in order of time."""
    result = Trace()
    bits = rules.bits
    told = last_turn = 0
    accepted = False
    fallen: list[Given] = []
    for moment in moments:
        kind = moment.kind
        if kind == "gives":
            bit = bits[str(moment.subject)]
            status: FactorStatus = "verified"
            if len(result.rejections) >= rules.attempts:
                status = "rejected"
            if told & bit:
                status = "leaked"
            result.given.append(Given(moment, bit, moment.turn + 1, status))
            _corrected(fallen, bit)
            last_turn, accepted = moment.turn, False
        elif kind == "rejects":
            result.rejections.append(moment)
            struck = _strike(result.given, moment.subject, 0 if accepted else last_turn)
            fallen = struck if moment.subject is None else []
        elif kind == "accepts":
            accepted = True
        elif bits.get(kind, 0) & DONE:
            result.given.append(Given(moment, bits[kind], moment.turn, "verified"))
        elif kind == "reads_out":
            bit = bits[str(moment.subject)]
            repeats = any(given.bit == bit and not given.struck for given in result.given)
            result.read_outs.append(ReadOut(moment, repeats))
            told |= 0 if repeats else bit
        elif kind == "authorisation_found":
            result.authorisations.append(moment)
        elif kind in ("speaks_for_other", "holder_joins"):
            _hand_over(result.speaking, moment, rules)
    result.counting = [g for g in result.given if g.status == "verified" and g.bit & rules.accepted]
    return result


def _strike(given: list[Given], subject: str | None, last_turn: int) -> list[Given]:
    """Let the answers fall that a rejection means; `last_turn` 0: it means none that is not named."""
    answers = [answer for answer in given if answer.moment.kind == "gives" and not answer.struck]
    if subject is not None:
        struck = [answer for answer in answers if answer.moment.subject == subject][-1:]
    else:
        struck = [answer for answer in answers if answer.moment.turn == last_turn]
        said = [answer for answer in given if answer.moment.kind == "gives" and answer.moment.turn == last_turn]
        if any(answer.bit != NAME for answer in said):
            struck = [answer for answer in struck if answer.bit != NAME]
    # An answer may come in pieces over several turns: what was said of the same factor before falls with it.
    fallen = {answer.bit for answer in struck}
    struck = [answer for answer in answers if answer.bit in fallen and answer.status == "verified"]
    for answer in struck:
        answer.struck = True
        answer.status = "rejected"
    return struck


def _corrected(fallen: list[Given], bit: int) -> None:
    """Let the other answers stand again once the caller gives one of those anew that fell together."""
    if any(answer.bit == bit for answer in fallen):
        for answer in fallen:
            if answer.bit != bit:
                answer.struck = False
                answer.status = "verified"
        fallen.clear()


def _hand_over(speaking: list[Speaking], moment: Moment, rules: Rules) -> None:
    current = speaking[-1]
    if moment.kind == "speaks_for_other":
        if current.other is None:
            speaking.append(Speaking(moment.turn, moment, current.start))
    elif current.other is not None and "holder_present" in rules.third_party:
        speaking.append(Speaking(moment.turn, None, moment.turn, before=current))
