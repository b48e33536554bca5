"""Strategy `direct`: the whole verdict asked for in one prompt, as everybody does. For comparison and large models.

The answer is JSON by schema. A violation whose turn does not exist, or whose quote does not stand in that turn, is
dropped, and a note says so.
"""

import json
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from ausweis.calls.call import Call
from ausweis.engines.protocol import Engine, Request
from ausweis.errors import EngineError
from ausweis.facts import Claim, ClaimedViolation, Facts, NoteCode
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading.quotes import place_of
from ausweis.reading.reader import Reading
from ausweis.reading.unsure import doubts
from ausweis.vocabulary import FACTORS, Caller, Factor, Outcome, ViolationType

__all__ = ["DirectReader"]


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: ViolationType
    turn: int
    quote: str


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reasoning: str
    caller: Caller
    violations: list[_Named]
    outcome: Outcome


class DirectReader:
    """Shows the model the policy in plain sentences and the numbered transcript."""

    strategy = "direct"

    def __init__(self, engine: Engine, template: Template, policy: Sequence[str], policy_sha256: str) -> None:
        """`policy` are the sentences that explain it; `policy_sha256` is its file's."""
        self._engine = engine
        self._template = template
        self._policy = list(policy)
        self._policy_sha256 = policy_sha256

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The one template."""
        return (self._template.provenance,)

    @property
    def factors(self) -> frozenset[Factor]:
        """All: the model is asked for a verdict, and told what the policy says."""
        return frozenset(FACTORS)

    def read(self, call: Call) -> Reading:
        """Ask for the verdict of one call."""
        lines = [
            {"turn": number, "speaker": turn.speaker, "text": turn.text}
            for number, turn in enumerate(call.turns, start=1)
        ]
        limit = self._template.parameters.get("max_tokens", 700)
        request = Request(
            messages=self._template.render({"policy": self._policy, "lines": lines}, language=call.language),
            json_schema=self._template.output,
            max_tokens=limit if isinstance(limit, int) else 700,
            template=self._template.name,
        )
        (result,) = self._engine.complete([request])
        try:
            answer = _Answer.model_validate(json.loads(result.text))
        except (ValidationError, ValueError, RecursionError):
            raise EngineError("the model's verdict does not fit the schema of its template") from None
        claim, notes = self._checked(call, answer)
        facts = Facts(call_id=call.id, turns=len(call.turns), claim=claim, notes=notes, **doubts(call))
        return Reading(facts, result.evaluated_tokens)

    def _checked(self, call: Call, answer: _Answer) -> tuple[Claim, tuple[NoteCode, ...]]:
        notes: list[NoteCode] = []
        kept = []
        for named in answer.violations:
            turn = call.turn(named.turn) if 1 <= named.turn <= len(call.turns) else None
            place = None if turn is None else place_of(named.quote, turn.text)
            if turn is None or place is None:
                notes.append("quote_not_in_turn")
                continue
            quote = turn.text[slice(*place)]
            start, end = turn.times(*place)
            kept.append(ClaimedViolation(type=named.type, turn=named.turn, quote=quote, start=start, end=end))
        if answer.outcome == "violation" and not kept:
            notes.append("violation_not_shown")
        claim = Claim(
            outcome=answer.outcome,
            violations=tuple(kept) if answer.outcome == "violation" else (),
            caller=answer.caller,
            reason=answer.reasoning,
            policy_sha256=self._policy_sha256,
        )
        return claim, tuple(dict.fromkeys(notes))
