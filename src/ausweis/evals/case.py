"""One labelled call as it was judged: what the label says beside what the verdict says. A line of `cases.jsonl`."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple, Self

from pydantic import Field, PlainSerializer, PlainValidator

from ausweis.facts import Facts
from ausweis.judging import EVENT_THRESHOLD, judge
from ausweis.judging.verdict import BadlyHeardReason, Evidence, Verdict
from ausweis.labelled import LabelledCall, Part, gold_facts
from ausweis.policies import Policy
from ausweis.vocabulary import AuthorisationStatus, Caller, Outcome, OwnKind, is_nothing

FIELDS = ("violations", "factors", "actions", "caller", "authorisation", "incidents", "own_words")
"""What two verdicts of one call may differ in, besides the outcome."""
TURNS = (12, 25, 50, 75, 100)
"""Where the groups of calls by number of turns begin: `turns:012-024`, so that they sort as they should."""
_MARK = re.compile(r"(?:(?P<kind>\w+) )?(?P<name>\S+)@(?P<turn>[1-9]\d*)(?::(?P<status>\w+))?")
_Probability = Annotated[float, Field(ge=0, le=1)]


class Occurrence(NamedTuple):
    """A violation, factor, action, incident or event at a turn: its type, id or category, and where it is.

    `status`: what became of a factor. `kind`: of an event about an own word of the policy, what happens. In files, and
    for people: `late_authentication@7`, `pin@4:verified`, `gives berth_number@4`.
    """

    turn: int
    name: str
    status: str = ""
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".lstrip() + f"@{self.turn}:{self.status}".rstrip(":")

    @classmethod
    def read(cls, text: "str | Occurrence") -> "Occurrence":
        """A mark as files have it.

        Raises:
            ValueError: it is none.
        """
        if isinstance(text, Occurrence):
            return text
        found = _MARK.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ValueError("is no mark, such as late_authentication@7")
        return cls(int(found["turn"]), found["name"], found["status"] or "", found["kind"] or "")


Marks = tuple[Annotated[Occurrence, PlainValidator(Occurrence.read), PlainSerializer(str)], ...]


class Label(Part):
    """What is right of a call, as its label says, or what a verdict says. Marks stand in order of turns.

    Without an `outcome`, the label tells of incidents alone. `own_words`: the events about own words of the policy,
    judged or not.
    """

    outcome: Outcome | None = None
    violations: Marks = ()
    caller: Caller
    authorisation: AuthorisationStatus
    factors: Marks = ()
    actions: Marks = ()
    incidents: Marks = ()
    own_words: Annotated[Marks, Field(exclude_if=is_nothing)] = ()

    @classmethod
    def of_verdict(cls, verdict: Verdict) -> Self:
        """What a verdict says of authentication."""
        return cls(
            outcome=verdict.outcome,
            violations=_ordered(Occurrence(part.turn, part.type) for part in verdict.violations),
            caller=verdict.caller,
            authorisation=verdict.authorisation.status,
            factors=_ordered(Occurrence(part.turn, part.factor, part.status) for part in verdict.factors),
            actions=_ordered(Occurrence(part.turn, part.category) for part in verdict.actions),
        )

    @classmethod
    def of_gold(cls, labelled: LabelledCall, by_rules: Verdict) -> Self:
        """What a label says; of its events, `by_rules` (the verdict on them) knows what became of each factor."""
        gold, judged = labelled.gold, cls.of_verdict(by_rules)
        own = {word.id for word in by_rules.own_words}
        return cls(
            outcome=gold.outcome,
            violations=_ordered(Occurrence(part.turn, part.type) for part in gold.violations),
            caller=gold.caller,
            authorisation=gold.authorisation,
            factors=judged.factors,
            actions=judged.actions,
            incidents=_ordered(Occurrence(e.turn, e.id) for e in gold.incidents.events) if gold.incidents else (),
            own_words=_ordered(Occurrence(e.turn, e.subject, kind=e.kind) for e in gold.events if e.subject in own),
        )

    @property
    def first_violation_turn(self) -> int | None:
        """The earliest turn of a violation."""
        return min((mark.turn for mark in self.violations), default=None)

    @property
    def incidents_said(self) -> str:
        """The incidents, each once, for a person."""
        return ", ".join(sorted(names_of(self.incidents))) or "no incident"


def names_of(marks: Iterable[Occurrence]) -> frozenset[str]:
    """What is marked, wherever it is."""
    return frozenset(mark.name for mark in marks)


def _ordered(marks: Iterable[Occurrence]) -> tuple[Occurrence, ...]:
    return tuple(sorted(set(marks), key=lambda mark: (mark.turn, str(mark))))


class Likeliest(Part):
    """How likely an incident is said to be at the most, and in which turn; None where it is in none."""

    probability: _Probability = 0.0
    turn: int | None = None


class Case(Part):
    """A labelled call as it was judged; it tells what the label tells of."""

    id: str
    repeat: Annotated[int, Field(ge=1)] = 1
    tags: tuple[str, ...] = ()
    """What numbers are told apart by, as `difficulty:hard`."""
    must_pass: bool = False
    turns: int
    gold: Label
    told: Label | None = None
    """None where the call has no verdict; `failure` says why."""
    incidents: dict[str, Likeliest] | None = None
    """Each that the label knows of, by id; None where it tells nothing of incidents."""
    own_words: dict[str, OwnKind] = Field(default_factory=dict, exclude_if=lambda words: not words)
    """Those of the policy, where the label tells an outcome."""
    twin: str | None = None
    """The id of a call that differs by one detail."""
    ruled: Annotated[Outcome | None, Field(exclude_if=is_nothing)] = None
    """What the policy makes of the label's events, where that is another outcome than the label's."""
    risk: _Probability = 0.0
    confidence: _Probability = 0.0
    needs_review: bool = True
    quotes: int = 0
    """Quotes of the verdict; `verbatim` of them stand letter for letter in their turns."""
    verbatim: int = 0
    seconds: float | None = None
    """Of reading the call, as `tokens`."""
    tokens: int | None = None
    failure: str | None = None

    def marks(self, field: str) -> tuple[Sequence[Occurrence], Sequence[Occurrence]]:
        """What label and verdict mark as `violations`, `factors` and so on; a call without a verdict has nothing."""
        return getattr(self.gold, field), getattr(self.told, field) if self.told else ()

    @property
    def right(self) -> bool:
        """Whether all that the label tells is right: the outcome, and which incidents happen."""
        return (self.gold.outcome is None or self.outcome_right) and (self.incidents is None or self.incidents_right)

    @property
    def outcome_right(self) -> bool:
        """Whether the outcome is the label's."""
        return self.told is not None and self.told.outcome == self.gold.outcome

    @property
    def incidents_right(self) -> bool:
        """Whether the incidents are those of the label, wherever they happen."""
        return self.told is not None and names_of(self.told.incidents) == names_of(self.gold.incidents)

    @property
    def broken(self) -> bool:
        """Whether the label is a violation."""
        return self.gold.outcome == "violation"

    @property
    def says_violation(self) -> bool:
        """Whether the verdict is a violation."""
        return self.told is not None and self.told.outcome == "violation"


def case_of(
    labelled: LabelledCall,
    policy: Policy,
    verdict: Verdict | None,
    facts: Facts | None = None,
    *,
    anew: bool = False,
    own_words: bool = True,
    repeat: int = 1,
    failure: str | None = None,
) -> Case:
    """Put a label and a verdict by this policy side by side; `facts`: what the verdict is of.

    `anew`: the policy is not the label's, and what is right is what it makes of the label's events. Incidents are what
    they are under any policy, events too, and a label without an outcome gets none. Without `own_words`, those of the
    policy were not read.
    """
    by_rules = judge(gold_facts(labelled), policy)
    gold = Label.of_gold(labelled, by_rules)
    if anew and gold.outcome is not None:
        same = {"incidents": gold.incidents, "own_words": gold.own_words}
        gold = Label.of_verdict(by_rules).model_copy(update=same)
    case = Case(
        id=labelled.call.id,
        repeat=repeat,
        tags=tags_of(labelled),
        must_pass=labelled.gold.must_pass,
        turns=len(labelled.call.turns),
        gold=gold,
        incidents=_likeliest(labelled, facts),
        own_words={word.id: word.kind for word in policy.own_words} if gold.outcome and own_words else {},
        twin=labelled.gold.twin,
        ruled=None if labelled.gold.outcome in (None, by_rules.outcome) else by_rules.outcome,
        failure=failure,
    )
    if verdict is None:
        return case
    nothing = Label(caller=gold.caller, authorisation=gold.authorisation)
    told = nothing if gold.outcome is None else Label.of_verdict(verdict)
    asked, likely = case.incidents or {}, [] if facts is None else facts.events
    incidents = (Occurrence(incident.turn, incident.id) for incident in verdict.incidents if incident.id in asked)
    events = (
        Occurrence(event.turn, event.subject, kind=event.kind)
        for event in likely
        if event.probability >= EVENT_THRESHOLD and event.subject in case.own_words
    )
    quotes, origin = _quotes(verdict), verdict.provenance
    return case.model_copy(
        update={
            "told": told.model_copy(update={"incidents": _ordered(incidents), "own_words": _ordered(events)}),
            "risk": verdict.risk,
            "confidence": verdict.confidence,
            "needs_review": verdict.needs_review,
            "quotes": len(quotes),
            "verbatim": sum(place.quote in labelled.call.turn(place.turn).text for place in quotes),
            "seconds": origin.seconds if origin else None,
            "tokens": origin.tokens if origin else None,
        }
    )


def _likeliest(labelled: LabelledCall, facts: Facts | None) -> dict[str, Likeliest] | None:
    label = labelled.gold.incidents
    if label is None:
        return None
    names = {rule.kind or rule.description: rule.id for rule in label.asked()}
    likeliest = {identifier: Likeliest() for identifier in names.values()}
    for mention in facts.incidents if facts else ():
        identifier = names.get(mention.name)
        if identifier is not None and mention.probability > likeliest[identifier].probability:
            likeliest[identifier] = Likeliest(probability=mention.probability, turn=mention.turn)
    return likeliest


def tags_of(labelled: LabelledCall) -> tuple[str, ...]:
    """All that a call is told apart by, as `kind:word`."""
    gold, turns = labelled.gold, len(labelled.call.turns)
    first = max((start for start in TURNS if start <= turns), default=0)
    after = min((start for start in TURNS if start > turns), default=None)
    return (
        f"language:{labelled.call.language}",
        *([f"policy:{gold.policy}"] if gold.policy else []),
        f"turns:{first:03}-" + ("" if after is None else f"{after - 1:03}"),
        f"surface:{gold.tags.surface}",
        f"difficulty:{gold.tags.difficulty}",
        *(f"scenario:{scenario}" for scenario in gold.tags.scenario),
    )


def words_of(labelled: LabelledCall) -> dict[str, str]:
    """All words by which a call can be chosen, each with its kind: of its tags, its label, its language and its id."""
    gold = labelled.gold
    incidents = gold.incidents.events if gold.incidents else ()
    return {
        **{tag: tag.partition(":")[0] for tag in tags_of(labelled)},
        **{incident.id: "incident" for incident in incidents},
        **{violation.type: "violation" for violation in gold.violations},
        **({gold.outcome: "outcome"} if gold.outcome else {}),
        labelled.call.language: "language",
        labelled.call.id: "id",
    }


def _quotes(verdict: Verdict) -> list[Evidence]:
    """All quotes of a verdict, wherever they stand in it."""
    said: list[tuple[int | None, str | None]] = [(verdict.authorisation.turn, verdict.authorisation.quote)]
    said += [(factor.turn, factor.quote) for factor in verdict.factors]
    said += [(action.turn, action.quote) for action in verdict.actions]
    badly = (reason for reason in verdict.review_reasons if isinstance(reason, BadlyHeardReason))
    said += [(place.turn, place.quote) for reason in badly for place in reason.heard if place.quote]
    shown = [quote for violation in verdict.violations for quote in violation.evidence]
    shown += [quote for check in verdict.checks for quote in check.evidence]
    return shown + [Evidence(turn=turn, quote=quote) for turn, quote in said if turn is not None and quote is not None]
