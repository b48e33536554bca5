"""What the store gives and takes: rows as frozen dataclasses, and which calls are asked for, in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ausweis.calls.call import Call
from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict
from ausweis.masking.kinds import Span
from ausweis.provenance import ModelProvenance, PolicyProvenance, PromptProvenance, RunProvenance
from ausweis.store.counted import Counted, Subject
from ausweis.store.persons import same_person
from ausweis.vocabulary import Outcome, Severity, ViolationType

State = Literal["open", "confirmed", "overruled", "not_sure", "disputed"]
Finding = Literal["confirmed", "overruled", "open", "added"]
"""What people say of something that a verdict says; added: the verdict does not say it, people do."""
Order = Literal["weight", "risk", "time", "chance"]
"""weight: the worst first, by harm (`judging.harm`), of equals the latest; risk: the riskiest; time: the latest;
chance: scattered, which tells nothing of a call."""
Column = Literal["day", "queue", "team"]

_PRIME, _STEP = 10_007, 6_185
"""A prime and its golden section: steps of this length come to lie far apart."""


def scattered(key: Any) -> Any:
    """A number by which calls stand in no order that tells anything of them; of a key, or a column of keys."""
    return key % _PRIME * _STEP % _PRIME


class Cursor(NamedTuple):
    """Where a page of calls ended: `CallRow.cursor` of its last row. `at`: its moment, where that orders equals."""

    value: float | str
    key: int
    at: str = ""


@dataclass(frozen=True)
class CallFilter:
    """Which calls: those that fit everything that is given; within a tuple, any of it.

    `first` and `last` are days, both included. `to_review`: a violation, an incident or in need of review. The words of
    `text` are looked for, whatever their case, in the masked text and in call ids; `read_by`: names of one who looks
    into notes too, those of others where that one has decided. `keys`: of these calls alone. `undecided_by`: names of
    one person, who has not decided what the verdict says today; `besides`: keys of calls that are left out.
    `unheard_by`: names of one for whom drawn calls wait, to be said blind what they are; `seen_by`: of one who may see
    the verdict (`hidden`). `calibrated`: in a calibration session that is open. `assigned_to`: names of one person;
    an empty one stands for nobody.
    `any_incident`: one or more of any kind. `finding`: what people say of the violations and incidents that are asked
    for, of violations where none are; those need not be the verdict's then (`subjects`). `looked_for`: whether
    incidents were, or this kind.
    """

    first: date | None = None
    last: date | None = None
    outcomes: tuple[Outcome, ...] = ()
    violations: tuple[ViolationType, ...] = ()
    incidents: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    to_review: bool | None = None
    text: str | None = None
    min_risk: float | None = None
    sampled: bool | None = None
    unheard_by: tuple[str, ...] | None = None
    seen_by: tuple[str, ...] = ()
    calibrated: bool | None = None
    any_incident: bool = False
    finding: Finding | None = None
    looked_for: bool | str | None = None
    undecided_by: tuple[str, ...] = ()
    besides: tuple[int, ...] = ()
    read_by: tuple[str, ...] = ()
    keys: tuple[int, ...] | None = None
    assigned_to: tuple[str, ...] = ()


EVERY = CallFilter()
"""All calls."""


TEAM_MINIMUM = 5
"""Calls below which a team is not told apart, so that no figure is about one person."""
TEAM_AGENTS = 3
"""Agents below which it is not either, where agents are known."""

Choice = Literal["confirm", "overrule", "not_sure"]
RejectionReason = Literal["transcript", "place", "rule", "elsewhere", "other"]
"""Why a finding is rejected: the transcript or the place is wrong, the rule does not fit, it was settled elsewhere."""
Entry = Choice | Literal["withdrawn"]
"""What stands in the record of decisions: a choice, or that the reviewer took the last one back."""
LabelKind = Literal["violations", "incidents"]
Role = Literal["reviewer", "lead"]
What = Literal[
    "scored",
    "decided",
    "sampled",
    "calibrated",
    "deleted",
    "exported",
    "unmasked",
    "searched",
    "withdrawn",
    "settled",
    "reviewer_invited",
    "reviewer_renewed",
    "reviewer_role",
    "reviewer_withdrawn",
    "objected",
    "objection_ruled",
    "assigned",
]


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call with the verdict that counts, in short. `agent` is a pseudonym. `seconds`: length of the call.

    `severity`: the worst of violations and incidents. `violations` and `incidents`: each type or kind once.
    `at`: the moment by which calls are ordered, UTC, ISO 8601. `weight`: the greater, the worse (`Order`).
    `right_outcome` and the like: what people decided, None where that is open; `right_incidents` also where it tells
    nothing of them. `looked_for`: kinds of incidents that the call was read for, a company's own by a hash.
    `assigned`: the name of who should review it, where a lead said so.
    """

    key: int
    call_id: str
    day: date
    started_at: str | None
    at: str
    language: str
    team: str | None
    queue: str | None
    agent: str | None
    direction: str | None
    seconds: float | None
    turns: int
    outcome: Outcome
    risk: float
    confidence: float
    needs_review: bool
    first_violation_turn: int | None
    severity: Severity | None
    violations: tuple[ViolationType, ...]
    incidents: tuple[str, ...]
    state: State
    sampled: bool
    weight: int
    right_outcome: Outcome | None = None
    right_violations: tuple[ViolationType, ...] | None = None
    right_incidents: tuple[str, ...] | None = None
    looked_for: tuple[str, ...] | None = None
    assigned: str | None = None

    @property
    def corrected(self) -> bool:
        """Whether people say something else than the verdict, turns aside."""
        if self.right_outcome is None:
            return False
        told = self.right_incidents is not None and {*self.right_incidents} != {*self.incidents}
        return self.right_outcome != self.outcome or {*(self.right_violations or ())} != {*self.violations} or told

    @property
    def shown_risk(self) -> float | None:
        """The risk as pages show it: that of a violation, so None beside incidents alone, of which it says nothing."""
        return None if self.incidents and self.outcome != "violation" else self.risk

    @property
    def dismissed(self) -> bool:
        """Whether people say that there is neither violation nor incident."""
        incidents = self.incidents if self.right_incidents is None else self.right_incidents
        return self.right_outcome not in (None, "violation") and not incidents

    @property
    def to_review(self) -> bool:
        """Whether people should look at it: a violation, an incident, or a verdict that is not sure."""
        return bool(self.outcome == "violation" or self.incidents or self.needs_review)

    def cursor(self, order: Order) -> Cursor:
        """Where a page that ends with this row goes on."""
        values: dict[Order, float | str] = {
            "weight": self.weight,
            "risk": self.risk,
            "time": self.at,
            "chance": scattered(self.key),
        }
        return Cursor(values[order], self.key, self.at if order == "weight" else "")


class RunRow(RunProvenance):
    """One run: what a command made of calls. `started` in UTC, ISO 8601; `series`: of an eval, which repeat it is.

    `rules`: the policy as JSON, None where nobody kept it.
    """

    key: int
    started: str
    policy_title: str | None
    rules: str | None = None
    series: str = ""


class Judged(NamedTuple):
    """Facts and the verdict on them; `made_of`: the `call_sha256` of what was read."""

    facts: Facts
    verdict: Verdict
    made_of: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What one reviewer said about one verdict; `at` in UTC, ISO 8601.

    `outcome`, `violations` and `incidents` (kind, turn) are the right label: the verdict's own where it was confirmed,
    None and nothing where the reviewer was not sure. `incidents` is None where it tells nothing of them: nobody looked
    for any and the reviewer named none, or it is of an earlier version. `counts`: made on what the verdict of today
    says, and the reviewer's last word on it. `today`: made on what the verdict of today says, last word or not.
    `blind`: made before the reviewer saw the verdict; `hasty`: in less than a tenth of the time that hearing or reading
    the call takes, None where nobody knows. `calibration`: the key of the session in which it was made; `secret`: that
    one is not closed, so that nobody else may see it. `withdrawn`: the reviewer took it back, or it is the entry that
    says so; then `takes_back` is the key of the decision. `coaching`: the note is meant for
    coaching. `reasons`: type or kind, turn and reason of findings that were rejected.
    """

    key: int
    reviewer: str
    choice: Entry
    outcome: Outcome | None
    violations: tuple[tuple[ViolationType, int], ...]
    note: str
    at: str
    verdict_key: int
    counts: bool = True
    incidents: tuple[tuple[str, int], ...] | None = None
    today: bool = True
    blind: bool = False
    hasty: bool | None = None
    calibration: int | None = None
    secret: bool = False
    settles: bool = False
    withdrawn: bool = False
    takes_back: int | None = None
    coaching: bool = False
    reasons: tuple[tuple[str, int, RejectionReason], ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationRound:
    """A calibration session; `made`, `started` and `closed` in UTC, ISO 8601.

    `lead`: who made it; `hides`: whether the verdict is hidden in it; `reviewers`: the names of who takes part, all but
    the lead where there is none; `calls`: their keys.
    """

    key: int
    name: str
    lead: str
    made: str
    hides: bool
    started: str | None
    closed: str | None
    reviewers: tuple[str, ...]
    calls: tuple[int, ...]

    @property
    def state(self) -> Literal["prepared", "open", "closed"]:
        """How far it is."""
        return "closed" if self.closed else "open" if self.started else "prepared"

    def asks(self, reviewer: str) -> bool:
        """Whether somebody takes part."""
        if not self.reviewers:
            return not same_person(reviewer, self.lead)
        return any(same_person(reviewer, one) for one in self.reviewers)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """All that is known of one call. The agent of `call` is the pseudonym.

    `verdict_key` is what `decide` wants to be told; `says`: what verdict and text say, which it may be told too;
    `decisions` in the order in which they were made; `audio`: the files that were there when it was scored.
    `masks`: what of its turns is personal data, where that is known by the rules of today; else it must be found.
    """

    row: CallRow
    call: Call
    verdict: Verdict
    verdict_key: int
    says: str
    facts: Facts
    run: RunRow
    decisions: tuple[Decision, ...]
    audio: tuple[Path, ...]
    masks: Mapping[int, Sequence[Span]] | None = None


@dataclass(frozen=True, slots=True)
class DayCount:
    """Calls counted. What was not asked to be told apart is None; `team` also where it is too small to be.

    `violations` and `incidents`: calls that have one, by type and kind. `numbers`: what people say of those, of all
    violations and incidents too. `looked_for`: by what the calls were read for, those with an incident of any kind.
    """

    day: date | None
    queue: str | None
    team: str | None
    calls: int
    outcomes: Mapping[Outcome, int]
    violations: Mapping[ViolationType, int]
    incidents: Mapping[str, int]
    needs_review: int
    to_review: int = 0
    numbers: Mapping[Subject, Counted] = field(default_factory=dict)
    looked_for: Mapping[tuple[str, ...], Counted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many calls; `removed`: from where, as paths and as `store`. `kept`: files that are the user's own.

    `missing`: files and folders that may have held the calls, and are not in their folders any more.
    """

    calls: int
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pairs of reviewers of one verdict; `same`: pairs that gave one outcome; `kappa` is nan without pairs.

    `calls`: on how many two people or more gave an outcome; `alike`: on how many of these all gave the same.
    """

    pairs: int
    same: int
    kappa: float
    calls: int = 0
    alike: int = 0


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who may review. `made`: when the key was; `withdrawn`: since when it lets nobody in; UTC, ISO 8601.

    `mark` tells one key from the next, and not the key; empty without one.
    """

    key: int
    name: str
    role: Role
    made: str
    withdrawn: str | None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A reviewer with the key that was made for them, which is told this once; None where none was."""

    reviewer: Reviewer
    own_key: str | None


@dataclass(frozen=True, slots=True)
class FieldRecall:
    """Recall in the field; with its 95 % bounds None where it cannot be told, as of fewer than `FEWEST` sampled calls.

    `found`: calls to review decided to be violations, or to have an incident where that is asked. `sampled`: calls that
    were not to review, but drawn and decided; `missed_in_sample` of them are violations, or have one. `represented`:
    calls that they stand for; only what was decided blind counts. `in_view`: drawn calls that were decided by those
    alone who had seen the verdict, which do not; `hasty`: of `sampled`, those decided in no time. `undecided`: calls to
    review that are not decided yet. All of the calls that a decided sample speaks for; `days_left_out`: days with calls
    besides. `added`: violations, or calls with an incident, that people found in calls that were not to review, in the
    sample or not: no fewer were missed. `waiting`: drawn calls that nobody has confirmed or overruled
    blind, of all samples of the days.
    """

    found: int
    missed_in_sample: int
    sampled: int
    represented: int
    undecided: int
    recall: float | None = None
    low: float | None = None
    high: float | None = None
    days_left_out: int = 0
    waiting: int = 0
    in_view: int = 0
    hasty: int = 0
    added: int = 0


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the audit log. `call`: keyed hash of the call's id; `content`: keyed hash of what was decided.

    `detail`: what it tells besides, in clear.
    """

    seq: int
    at: str
    who: str
    what: What
    call: str | None
    policy: PolicyProvenance | None
    prompts: tuple[PromptProvenance, ...] = ()
    model: ModelProvenance | None = None
    content: str | None = None
    previous: str = ""
    hash: str = field(default="")
    detail: Mapping[str, Any] | None = None
