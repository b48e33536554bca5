"""Calls with what is true of them: `{"schema": "ausweis/labelled@1", "call": …, "gold": …}`, one a line.

The gold events are the facts that a perfect reader would find, by turn; outcome, violations, caller and authorisation
are what the author of the label says, independent of the program's judging. `evals/golden/CODEBOOK.md` says how to
label. A label may tell of critical incidents besides, or of these alone (`incident_label`).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StrictBool, ValidationError, model_validator

from ausweis.calls.call import Call
from ausweis.calls.checks import explain
from ausweis.errors import AusweisError, InputError
from ausweis.evals.incident_label import IncidentLabel
from ausweis.facts import Event, EventKind, Facts, RecordingDefect, check_subject
from ausweis.judging.policy_files import find_policy, shipped_policies
from ausweis.opening import bounded_lines, open_file
from ausweis.vocabulary import AuthorisationStatus, Caller, Outcome, OwnWord, ViolationType, Vocabulary, with_own

__all__ = [
    "POLICIES",
    "Gold",
    "GoldEvent",
    "GoldViolation",
    "LabelledCall",
    "Scenario",
    "Tags",
    "gold_facts",
    "read_all",
    "read_labelled",
]

Scenario = Literal[
    "plain",
    "twin",
    "menu",
    "outbound",
    "callback",
    "third_party",
    "hand_over",
    "evaluator",
    "failed",
    "late",
    "leak",
    "no_action",
    "refusal",
    "recording",
    "own_words",
    "correction",
    "spelled",
    "dialect",
    "non_native",
    "elderly",
    "anger",
    "digression",
    "interruption",
    "backchannel",
    "several_actions",
]
ANY_POLICY = "telecom-de"
POLICIES = "policies"
"""The folder beside a file of labelled calls that holds the policies of its labels, each named as its id."""
_Turn = Annotated[int, Field(ge=1, strict=True)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GoldEvent(_Part):
    """What happens in a turn, in the words of `ausweis.facts`. Without a `quote`, the whole turn says it."""

    turn: _Turn
    kind: EventKind
    subject: str | None = None
    quote: str | None = None


class GoldViolation(_Part):
    """A broken rule at a turn."""

    type: ViolationType
    turn: _Turn


class Tags(_Part):
    """What a call is like; the code book explains the words. `asr`: as an ASR model writes."""

    scenario: tuple[Scenario, ...] = ()
    difficulty: Literal["easy", "medium", "hard"] = "medium"
    surface: Literal["clean", "asr"] = "clean"


class Gold(_Part):
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

    @model_validator(mode="before")
    @classmethod
    def _incidents_are_of_today(cls, label: Any) -> Any:
        if isinstance(label, dict) and (isinstance(label.get("incidents"), list) or "described" in label):
            raise ValueError(
                "incidents are labelled in the old way: write them as evals/README.md shows, "
                '"incidents": {"events": [{"id": …, "turn": …}], "own": […], "known": […]}'
            )
        return label

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.outcome is None and self.incidents is None:
            raise ValueError("the label tells neither an outcome nor incidents")
        if self.outcome is not None and self.policy is None:
            raise ValueError("a label with an outcome names its policy")
        if self.first_violation_turn != min((violation.turn for violation in self.violations), default=None):
            raise ValueError("first_violation_turn is not the earliest turn of the violations")
        return self


class LabelledCall(_Part):
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
