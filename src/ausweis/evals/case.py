"""One labelled call as it was judged: what the label says beside what the verdict says. A line of `cases.jsonl`."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ausweis.evals.conclusion import Conclusion, event_words, ids_of, incident_words
from ausweis.evals.incident_label import IncidentLabel
from ausweis.evals.labelled import LabelledCall, gold_facts
from ausweis.facts import Facts, Mention
from ausweis.judging.judge import judge
from ausweis.judging.policy import Policy
from ausweis.judging.reasons import BadlyHeardReason
from ausweis.judging.timeline import EVENT_THRESHOLD
from ausweis.judging.verdict import Evidence, Verdict
from ausweis.vocabulary import Outcome, OwnKind, OwnWord

__all__ = ["Case", "Likeliest", "case_of", "gold_of", "ruled_otherwise", "tags_of"]

TURNS = (12, 25, 50, 75, 100)
"""Where the groups of calls by number of turns begin: `turns:012-024`, so that they sort as they should."""
_Probability = Annotated[float, Field(ge=0, le=1)]


class Likeliest(BaseModel):
    """How likely an incident is said to be at the most, and in which turn; None where it is in none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    probability: _Probability = 0.0
    turn: int | None = None


class Case(BaseModel):
    """`told` is None where the call has no verdict; `failure` says why. It tells what the label tells of.

    `seconds` and `tokens` are of reading it.
    `tags` are words such as `difficulty:hard`: what numbers are told apart by. `quotes` counts the quotes of the
    verdict, `verbatim` those that stand letter for letter in their turns. `incidents`: each that the label knows of, by
    id; None where it tells nothing of incidents. `own_words`: those of the policy, where the label tells an outcome.
    `twin` is the id of a call that differs by one detail. `ruled`: what the policy makes of the label's events, where
    that is another outcome than the label's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    repeat: Annotated[int, Field(ge=1)] = 1
    tags: tuple[str, ...] = ()
    must_pass: bool = False
    turns: int
    gold: Conclusion
    told: Conclusion | None = None
    incidents: dict[str, Likeliest] | None = None
    own_words: dict[str, OwnKind] = Field(default_factory=dict, exclude_if=lambda words: not words)
    twin: str | None = None
    ruled: Annotated[Outcome | None, Field(exclude_if=lambda outcome: outcome is None)] = None
    risk: _Probability = 0.0
    confidence: _Probability = 0.0
    needs_review: bool = True
    quotes: int = 0
    verbatim: int = 0
    seconds: float | None = None
    tokens: int | None = None
    failure: str | None = None

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
        return self.told is not None and ids_of(self.told.incidents) == ids_of(self.gold.incidents)

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
    gold: Conclusion,
    verdict: Verdict | None,
    *,
    own_words: Sequence[OwnWord] = (),
    facts: Facts | None = None,
    repeat: int = 1,
    ruled: Outcome | None = None,
    failure: str | None = None,
) -> Case:
    """Put a label and a verdict side by side. `own_words`: the policy's; `facts`: what the verdict is of."""
    label = labelled.gold.incidents
    case = Case(
        id=labelled.call.id,
        repeat=repeat,
        tags=tags_of(labelled),
        must_pass=labelled.gold.must_pass,
        turns=len(labelled.call.turns),
        gold=gold,
        incidents=None if label is None else _likeliest(label, facts.incidents if facts else ()),
        own_words={} if gold.outcome is None else {word.id: word.kind for word in own_words},
        twin=labelled.gold.twin,
        ruled=ruled,
        failure=failure,
    )
    if verdict is None:
        return case
    nothing = Conclusion(caller=gold.caller, authorisation=gold.authorisation)
    told = nothing if gold.outcome is None else Conclusion.of_verdict(verdict)
    if case.incidents is not None:
        known = [(incident.id, incident.turn) for incident in verdict.incidents if incident.id in case.incidents]
        told = told.model_copy(update={"incidents": incident_words(known)})
    likely = [] if facts is None else [event for event in facts.events if event.probability >= EVENT_THRESHOLD]
    told = told.model_copy(update={"own_words": event_words(likely, case.own_words)})
    quotes = _quotes(verdict)
    origin = verdict.provenance
    return case.model_copy(
        update={
            "told": told,
            "risk": verdict.risk,
            "confidence": verdict.confidence,
            "needs_review": verdict.needs_review,
            "quotes": len(quotes),
            "verbatim": sum(place.quote in labelled.call.turn(place.turn).text for place in quotes),
            "seconds": origin.seconds if origin else None,
            "tokens": origin.tokens if origin else None,
        }
    )


def _likeliest(label: IncidentLabel, mentions: Sequence[Mention]) -> dict[str, Likeliest]:
    names = {rule.kind or rule.description: rule.id for rule in label.asked()}
    likeliest = {identifier: Likeliest() for identifier in names.values()}
    for mention in mentions:
        identifier = names.get(mention.name)
        if identifier is not None and mention.probability > likeliest[identifier].probability:
            likeliest[identifier] = Likeliest(probability=mention.probability, turn=mention.turn)
    return likeliest


def gold_of(labelled: LabelledCall, policy: Policy, *, anew: bool = False) -> Conclusion:
    """What the label says; `anew`, under a policy that is not the label's, what that policy makes of its events.

    Incidents are what they are under any policy, events too, and a label without an outcome gets none.
    """
    by_rules = judge(gold_facts(labelled), policy)
    gold = Conclusion.of_gold(labelled, by_rules)
    if not anew or gold.outcome is None:
        return gold
    return Conclusion.of_verdict(by_rules).model_copy(update={"incidents": gold.incidents, "own_words": gold.own_words})


def ruled_otherwise(labelled: LabelledCall, policy: Policy) -> Outcome | None:
    """What the policy makes of the label's events; None where that is the label's outcome, or the label has none."""
    if labelled.gold.outcome is None:
        return None
    outcome = judge(gold_facts(labelled), policy).outcome
    return None if outcome == labelled.gold.outcome else outcome


def tags_of(labelled: LabelledCall) -> tuple[str, ...]:
    """All that a call is told apart by, as `kind:word`."""
    gold, turns = labelled.gold, len(labelled.call.turns)
    return (
        f"language:{labelled.call.language}",
        *([f"policy:{gold.policy}"] if gold.policy else []),
        f"turns:{_turns(turns)}",
        f"surface:{gold.tags.surface}",
        f"difficulty:{gold.tags.difficulty}",
        *(f"scenario:{scenario}" for scenario in gold.tags.scenario),
    )


def _turns(turns: int) -> str:
    first = max((start for start in TURNS if start <= turns), default=0)
    after = min((start for start in TURNS if start > turns), default=None)
    return f"{first:03}-" + ("" if after is None else f"{after - 1:03}")


def _quotes(verdict: Verdict) -> list[Evidence]:
    """All quotes of a verdict, wherever they stand in it."""
    quotes = [Evidence(turn=factor.turn, quote=factor.quote) for factor in verdict.factors]
    quotes += [Evidence(turn=action.turn, quote=action.quote) for action in verdict.actions]
    quotes += [quote for violation in verdict.violations for quote in violation.evidence]
    quotes += [quote for check in verdict.checks for quote in check.evidence]
    badly = (reason for reason in verdict.review_reasons if isinstance(reason, BadlyHeardReason))
    quotes += [Evidence(turn=one.turn, quote=one.quote) for reason in badly for one in reason.heard if one.quote]
    shown = verdict.authorisation
    if shown.turn is not None and shown.quote is not None:
        quotes.append(Evidence(turn=shown.turn, quote=shown.quote))
    return quotes
