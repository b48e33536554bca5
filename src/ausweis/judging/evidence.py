"""The events of a call in order of time, and what became of each factor: accepted, rejected, or told by the agent.

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
* What a caller gave while speaking for another proves nothing for the caller's own account, but for the name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ausweis.facts import Event, EventKind
from ausweis.policies.rules import DONE, NAME, Rules
from ausweis.vocabulary import FactorStatus

ACTIONS = ("discloses", "changes", "reads_out")
"""What an agent does with an account."""
EVENT_THRESHOLD = 0.5
"""Where an event must be taken as certain, it counts from this probability on."""


class Moment(NamedTuple):
    """One event without its words. `place` is its number among the events in order of time."""

    turn: int
    kind: EventKind
    subject: str | None
    place: int


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events by turn; within a turn in the order in which they were said."""
    return tuple(sorted(events, key=lambda event: event.turn))


def moments(events: Sequence[Event]) -> list[Moment]:
    """The moments of events that stand in order of time, without those that can change nothing."""
    idle = idle_kinds(events)
    return [Moment(e.turn, e.kind, e.subject, place) for place, e in enumerate(events) if e.kind not in idle]


def idle_kinds(events: Iterable[Event]) -> frozenset[EventKind]:
    """Which of them can change no verdict.

    Asking for a factor never does; accepting does only where a later rejection does not say what is wrong.
    """
    open_rejection = any(event.kind == "rejects" and event.subject is None for event in events)
    return frozenset({"asks"}) if open_rejection else frozenset({"asks", "accepts"})


@dataclass(slots=True)
class Given:
    """One factor that came up. `since`: the first turn whose actions it counts for. `struck`: an agent rejected it."""

    moment: Moment
    bit: int
    since: int
    status: FactorStatus
    struck: bool = False


class ReadOut(NamedTuple):
    """An agent said the value of a factor; `repeats` when the caller had said it before."""

    moment: Moment
    repeats: bool


@dataclass(slots=True)
class Speaking:
    """Who speaks from a turn on: a third party (`other` holds the words that say so) or the account holder.

    `start`: factors count from this turn on, but not those of the turns `apart`, each from a turn up to another.
    `before`: the third party from whom an account holder took over. `refused`: the refusal after which a holder who
    had asked about another's account is taken to go on about the own one, though nobody says so.
    """

    turn: int
    other: Moment | None = None
    start: int = 0
    apart: tuple[tuple[int, int], ...] = ()
    before: "Speaking | None" = None
    refused: Moment | None = None

    def counts(self, given: "Given") -> bool:
        """Whether a factor speaks for whoever speaks now."""
        turn = given.moment.turn
        if turn < self.start:
            return False
        return not self.apart or given.bit == NAME or not any(first <= turn < end for first, end in self.apart)


@dataclass(slots=True)
class Trace:
    """All that an action is measured by."""

    given: list[Given] = field(default_factory=list)
    read_outs: list[ReadOut] = field(default_factory=list)
    rejections: list[Moment] = field(default_factory=list)
    speaking: list[Speaking] = field(default_factory=lambda: [Speaking(0)])
    authorisations: list[Moment] = field(default_factory=list)
    counting: list[Given] = field(default_factory=list)
    """The verified factors that the policy accepts."""

    def held(self, turn: int, speaking: Speaking) -> int:
        """The factors that count for an action in this turn, as a sum of bits."""
        held = 0
        for given in self.counting:
            if given.since <= turn and speaking.counts(given):
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
    accepted = spoken_for = False
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
        elif kind == "speaks_for_other":
            spoken_for = True
    if spoken_for:
        result.speaking = speaking_of(moments, holder_may_join="holder_present" in rules.third_party)
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


def speaking_of(moments: Iterable[Moment], *, holder_may_join: bool = True) -> list[Speaking]:
    """Who speaks when, in order of time; the account holder first.

    Who speaks for another does so until the account holder takes over, or until the caller comes back to the own
    account. Nobody need say the latter where a holder asked about another's account by the way: something had been done
    on the own one; without a name or number of the other the request was refused, and nothing was done upon it.
    """
    speaking = [Speaking(0)]
    acted = by_the_way = False
    given = done = 0
    for moment in moments:
        kind = moment.kind
        if speaking[-1].turn > moment.turn and speaking[-1].refused and kind in (*ACTIONS, "speaks_for_self"):
            # Refused, and done all the same; or the agent says that the rest of the turn is about the own account.
            speaking.pop()
        current = speaking[-1]
        if kind == "speaks_for_other" and current.other is None:
            speaking.append(Speaking(moment.turn, moment, current.start, current.apart))
            # Whoever hands the telephone on is not by the way: somebody else says a name.
            by_the_way = acted and current.before is None and given < moment.turn
        elif kind == "speaks_for_self" and (current.other or current.refused):
            # An agent who comes back to the own account may have done something on the other's in the same turn.
            speaking.append(_back(moment.turn + (done == moment.turn), *speaking[-2:]))
        elif kind == "holder_joins" and (current.other or current.refused) and holder_may_join:
            speaking.append(Speaking(moment.turn, start=moment.turn, before=speaking[-2 if current.refused else -1]))
        elif kind in ("refuses", "authorisation_missing") and by_the_way and current.other is not None:
            speaking.append(Speaking(moment.turn + 1, start=current.start, apart=current.apart, refused=moment))
        elif kind in ("gives", "authorisation_found"):
            given, by_the_way = moment.turn, False
        elif kind in ACTIONS:
            acted, by_the_way = acted or (current.other is None and kind != "reads_out"), False
            done = moment.turn
    return speaking


def _back(turn: int, before: Speaking, last: Speaking) -> Speaking:
    """The caller speaks for themselves again, after `last`; `before` is who spoke before that."""
    if last.other is None:
        return Speaking(turn, start=last.start, apart=last.apart)
    if before.before is not None:
        # Between the two somebody else was on the line.
        return Speaking(turn, start=turn)
    return Speaking(turn, start=last.start, apart=(*last.apart, (last.turn, turn)))
