"""Calls with what is true of them: `{"schema": "ausweis/labelled@1", "call": …, "gold": …}`, one a line.

The gold events are the facts that a perfect reader would find, by turn; outcome, violations, caller and authorisation
are what the author of the label says, independent of the program's judging. `evals/golden/CODEBOOK.md` says how to
label, `evals/incidents/CODEBOOK.md` how to label critical incidents, which a label may tell of besides, or alone.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, PrivateAttr, StrictBool, ValidationError, model_validator

from ausweis.calls.call import Call
from ausweis.calls.checks import explain
from ausweis.errors import AusweisError, InputError
from ausweis.facts import Event, EventKind, Facts, RecordingDefect, check_subject
from ausweis.opening import bounded_lines, open_file
from ausweis.policies import find_policy, shipped_policies
from ausweis.policies.form import IncidentRule, Sentence, Word
from ausweis.vocabulary import (
    INCIDENTS,
    AuthorisationStatus,
    Caller,
    IncidentId,
    Outcome,
    OwnWord,
    Severity,
    Side,
    ViolationType,
    Vocabulary,
    with_own,
)

# fmt: off
Scenario = Literal[
    "plain", "twin", "menu", "outbound", "callback", "third_party", "hand_over", "evaluator", "failed", "late",
    "leak", "no_action", "refusal", "recording", "own_words", "correction", "spelled", "dialect", "non_native",
    "elderly", "anger", "digression", "interruption", "backchannel", "several_actions", "stretch",
]
# fmt: on
ANY_POLICY = "telecom-de"
POLICIES = "policies"
"""The folder beside a file of labelled calls that holds the policies of its labels, each named as its id."""
_Turn = Annotated[int, Field(ge=1, strict=True)]
_SEVERITY: Severity = "high"
"""Of all incidents that are asked for: an eval does not look at it."""


class Part(BaseModel, extra="forbid", frozen=True):
    """A record of evals: what is unknown is refused, nothing changes."""


class GoldEvent(Part):
    """What happens in a turn, in the words of `ausweis.facts`. Without a `quote`, the whole turn says it."""

    turn: _Turn
    kind: EventKind
    subject: str | None = None
    quote: str | None = None


class GoldViolation(Part):
    """A broken rule at a turn."""

    type: ViolationType
    turn: _Turn


class GoldIncident(Part):
    """An incident at the turn in which it happens. `shown`: of a wrong price or deadline, where that comes to light.

    `quote`: the words by which it is told, of `shown` where that is given; for long turns, which are read in pieces.
    """

    id: Word
    turn: _Turn
    shown: _Turn | None = None
    quote: str | None = None

    @property
    def told(self) -> int:
        """The turn that tells it."""
        return self.shown or self.turn


class OwnIncident(Part):
    """An incident of a company's own, as its policy describes it. `speaker`: whose words it is in; None: either's."""

    id: Word
    description: Sentence
    speaker: Side | None = None


class IncidentLabel(Part):
    """The incidents of one call: what does not stand in `events` does not happen.

    `own`: what is asked by a description, whether it happens or not. `known`: the known kinds that the label tells of;
    None means all.
    """

    events: tuple[GoldIncident, ...] = ()
    own: tuple[OwnIncident, ...] = ()
    known: tuple[IncidentId, ...] | None = None

    @property
    def kinds(self) -> tuple[IncidentId, ...]:
        """The known kinds of which it is known whether they happen."""
        return tuple(kind for kind in INCIDENTS if self.known is None or kind in self.known)

    @property
    def turns(self) -> dict[str, frozenset[int]]:
        """What happens, by id, and in which turns."""
        return {
            event.id: frozenset(other.turn for other in self.events if other.id == event.id) for event in self.events
        }

    def asked(self) -> Iterator[IncidentRule]:
        """All that the label knows of, as a policy asks for it."""
        for kind in self.kinds:
            yield IncidentRule(kind=kind, severity=_SEVERITY)
        for own in self.own:
            yield IncidentRule(severity=_SEVERITY, **own.model_dump())

    @model_validator(mode="after")
    def _is_known_of(self) -> Self:
        ids = [*self.kinds, *(own.id for own in self.own)]
        if len(set(ids)) < len(ids) or len({own.description for own in self.own}) < len(self.own):
            raise ValueError("an incident is there twice")
        if any(event.id not in ids for event in self.events):
            raise ValueError("an incident is labelled that is neither among the known kinds nor the own ones")
        return self

    def check_turns(self, call: Call) -> None:
        """Refuse turns that the call cannot have the incident in.

        Raises:
            ValueError: a turn is behind the last one, or another speaker's; it is shown wrong before it is said; or a
                quote does not stand in its turn, or more than once.
        """
        sides: dict[str, Side | None] = {own.id: own.speaker for own in self.own}
        sides |= {kind: INCIDENTS[kind].speaker for kind in self.kinds}
        later = {kind for kind in self.kinds if INCIDENTS[kind].comes_to_light_later}
        for event in self.events:
            if max(event.turn, event.told) > len(call.turns):
                raise ValueError(f"an incident is labelled behind the last turn, {len(call.turns)}")
            side = sides[event.id]
            if side not in (None, call.turn(event.turn).speaker):
                raise ValueError(f"an incident is labelled in turn {event.turn}, which is not the {side}'s")
            if event.shown is not None and (event.id not in later or event.shown <= event.turn):
                raise ValueError(f"turn {event.turn} cannot be shown wrong by turn {event.shown}")
            if event.quote is not None and call.turn(event.told).text.count(event.quote) != 1:
                raise ValueError(f"the quote of an incident does not stand in turn {event.told} once")


class Tags(Part):
    """What a call is like; the code book explains the words. `asr`: as an ASR model writes."""

    scenario: tuple[Scenario, ...] = ()
    difficulty: Literal["easy", "medium", "hard"] = "medium"
    surface: Literal["clean", "asr"] = "clean"


class Gold(Part):
    """The label of one call under one policy. `twin` is the id of a call that differs by one detail.

    A `must_pass` call may never be judged wrong: one is enough to stop a change. `defects` are those of the recording,
    where the label tells them. Calls of one `writing_pass` are by one author, and share a manner. Without an `outcome`
    nothing is known of authentication; without `incidents`, nothing of these.
    """

    policy: str | None = None
    outcome: Outcome | None = None
    violations: tuple[GoldViolation, ...] = ()
    first_violation_turn: _Turn | None = None
    caller: Caller = "unclear"
    authorisation: AuthorisationStatus = "not_needed"
    events: tuple[GoldEvent, ...] = ()
    incidents: IncidentLabel | None = None
    defects: tuple[RecordingDefect, ...] = ()
    why: str = ""
    title: str = ""
    tags: Tags = Tags()
    twin: str | None = None
    writing_pass: str | None = None
    must_pass: StrictBool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.outcome is None and self.incidents is None:
            raise ValueError("the label tells neither an outcome nor incidents")
        if self.outcome is not None and self.policy is None:
            raise ValueError("a label with an outcome names its policy")
        if self.first_violation_turn != min((violation.turn for violation in self.violations), default=None):
            raise ValueError("first_violation_turn is not the earliest turn of the violations")
        return self


class LabelledCall(Part):
    """A call and its label. Own words in it are known to its policy alone, so they are not looked at here."""

    schema_: Annotated[Literal["ausweis/labelled@1"], Field(alias="schema")] = "ausweis/labelled@1"
    call: Call
    gold: Gold
    _place: str | None = PrivateAttr(None)

    @property
    def policy(self) -> str:
        """The policy of the label: a name that ships, or the path of a file.

        Of a label that tells of incidents alone any, as its other rules are not looked at.
        """
        return self._place or self.gold.policy or ANY_POLICY

    @property
    def own_words(self) -> tuple[OwnWord, ...]:
        """Those of its policy; none where that cannot be found: the label may still be judged by another."""
        try:
            return find_policy(self.policy).policy.own_words
        except AusweisError:
            return ()

    @property
    def vocabulary(self) -> Vocabulary:
        """All factors and categories that its events may be about."""
        return with_own(self.own_words)

    def with_policies(self, folder: Path) -> Self:
        """The same call; a policy that does not ship is the file of its id in this folder, where there is one."""
        path = folder / f"{self.gold.policy}.yaml"
        if self.gold.policy in (None, *shipped_policies()) or not path.is_file():
            return self
        found = self.model_copy()
        found._place = str(path)
        return found

    @model_validator(mode="after")
    def _label_fits_the_call(self) -> Self:
        turns = len(self.call.turns)
        labelled = [event.turn for event in self.gold.events] + [violation.turn for violation in self.gold.violations]
        if max(labelled, default=0) > turns:
            raise ValueError(f"an event or violation is labelled behind the last turn, {turns}")
        for event in self.gold.events:
            check_subject(event.kind, event.subject)
        if self.gold.incidents is not None:
            self.gold.incidents.check_turns(self.call)
        return self

    def line(self) -> str:
        """As a line of a file."""
        return self.model_copy(update={"schema_": self.schema_}).model_dump_json(
            by_alias=True, exclude_unset=True, exclude_none=True
        )


def read_labelled(path: Path) -> Iterator[LabelledCall]:
    """The labelled calls of a JSONL file.

    Raises:
        InputError: the file cannot be read, or a line is no labelled call.
    """
    number = 0
    try:
        with open_file(path) as stream:
            for line in bounded_lines(stream, str(path)):
                number += 1
                if line.strip():
                    yield LabelledCall.model_validate_json(line).with_policies(path.parent / POLICIES)
    except OSError as error:
        raise InputError(f"the labelled calls cannot be read ({error.strerror})", place=str(path)) from None
    except ValidationError as error:
        raise InputError(f"no labelled call, at {explain(error)}", place=f"{path}:{number}") from None


def read_all(paths: Iterable[Path]) -> list[LabelledCall]:
    """The calls of several files, in their order.

    Raises:
        InputError: as `read_labelled`; or two calls have one id, or there are none.
    """
    calls: dict[str, LabelledCall] = {}
    for path in paths:
        for labelled in read_labelled(path):
            if labelled.call.id in calls:
                raise InputError(f"two labelled calls have the id {labelled.call.id}", place=str(path))
            calls[labelled.call.id] = labelled
    if not calls:
        raise InputError("there are no labelled calls in these files")
    return list(calls.values())


def gold_facts(labelled: LabelledCall) -> Facts:
    """The facts that a perfect reader would give, who looked for the own words of the label's policy.

    The label `inconclusive` stands for a recording that starts late.
    """
    call = labelled.call
    events = tuple(
        Event(kind=event.kind, subject=event.subject, turn=event.turn, quote=event.quote or call.turn(event.turn).text)
        for event in labelled.gold.events
    )
    late = labelled.gold.outcome == "inconclusive"
    return Facts(
        call_id=call.id,
        turns=len(call.turns),
        events=events,
        defects={"starts_late": 1.0} if late else {},
        asked_words=labelled.own_words,
    )
