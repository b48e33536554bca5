"""One labelled call as it was judged: what the label says beside what the verdict says. A line of `cases.jsonl`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ausweis.evals.findings import Findings
from ausweis.evals.labelled import LabelledCall, gold_facts
from ausweis.judging.judge import judge
from ausweis.judging.policy import Policy
from ausweis.judging.verdict import Evidence, Verdict

__all__ = ["Case", "case_of", "gold_of", "tags_of"]

TURNS = (12, 25, 50, 75, 100)
"""Where the groups of calls by number of turns begin: `turns:012-024`, so that they sort as they should."""
_Probability = Annotated[float, Field(ge=0, le=1)]


class Case(BaseModel):
    """`told` is None where the call has no verdict; `failure` says why. `seconds` and `tokens` are of reading it.

    `tags` are words such as `difficulty:hard`: what numbers are told apart by. `quotes` counts the quotes of the
    verdict, `verbatim` those that stand letter for letter in their turns.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    repeat: Annotated[int, Field(ge=1)] = 1
    tags: tuple[str, ...] = ()
    must_pass: bool = False
    turns: int
    gold: Findings
    told: Findings | None = None
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
        """Whether the outcome is the label's."""
        return self.told is not None and self.told.outcome == self.gold.outcome

    @property
    def broken(self) -> bool:
        """Whether the label is a violation."""
        return self.gold.outcome == "violation"

    @property
    def flagged(self) -> bool:
        """Whether the verdict is a violation."""
        return self.told is not None and self.told.outcome == "violation"


def case_of(
    labelled: LabelledCall, gold: Findings, verdict: Verdict | None, *, repeat: int = 1, failure: str | None = None
) -> Case:
    """Put a label and a verdict side by side."""
    case = Case(
        id=labelled.call.id,
        repeat=repeat,
        tags=tags_of(labelled),
        must_pass=labelled.gold.must_pass,
        turns=len(labelled.call.turns),
        gold=gold,
        failure=failure,
    )
    if verdict is None:
        return case
    quotes = list(_quotes(verdict))
    origin = verdict.provenance
    return case.model_copy(
        update={
            "told": Findings.of_verdict(verdict),
            "risk": verdict.risk,
            "confidence": verdict.confidence,
            "needs_review": verdict.needs_review,
            "quotes": len(quotes),
            "verbatim": sum(one.quote in labelled.call.turn(one.turn).text for one in quotes),
            "seconds": origin.seconds if origin else None,
            "tokens": origin.tokens if origin else None,
        }
    )


def gold_of(labelled: LabelledCall, policy: Policy, *, anew: bool = False) -> Findings:
    """What the label says; `anew`, under a policy that is not the label's, what that policy makes of its events."""
    by_rules = judge(gold_facts(labelled), policy)
    return Findings.of_verdict(by_rules) if anew else Findings.of_gold(labelled, by_rules)


def tags_of(labelled: LabelledCall) -> tuple[str, ...]:
    """All that a call is told apart by, as `kind:word`."""
    gold, turns = labelled.gold, len(labelled.call.turns)
    return (
        f"language:{labelled.call.language}",
        f"policy:{gold.policy}",
        f"turns:{_turns(turns)}",
        f"surface:{gold.tags.surface}",
        f"difficulty:{gold.tags.difficulty}",
        *(f"scenario:{one}" for one in gold.tags.scenario),
    )


def _turns(turns: int) -> str:
    first = max((one for one in TURNS if one <= turns), default=0)
    after = min((one for one in TURNS if one > turns), default=None)
    return f"{first:03}-" + ("" if after is None else f"{after - 1:03}")


def _quotes(verdict: Verdict) -> list[Evidence]:
    """All quotes of a verdict, wherever they stand in it."""
    found = [Evidence(turn=one.turn, quote=one.quote) for one in verdict.factors]
    found += [Evidence(turn=one.turn, quote=one.quote) for one in verdict.actions]
    found += [quote for violation in verdict.violations for quote in violation.evidence]
    found += [quote for check in verdict.checks for quote in check.evidence]
    shown = verdict.authorisation
    if shown.turn is not None and shown.quote is not None:
        found.append(Evidence(turn=shown.turn, quote=shown.quote))
    return found
