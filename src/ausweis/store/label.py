"""What is right of a call: outcome, violations and incidents, as a verdict or a reviewer says."""

from collections.abc import Sequence
from dataclasses import dataclass

from ausweis.errors import StoreError
from ausweis.judging.verdict import Verdict
from ausweis.store.rows import Choice
from ausweis.vocabulary import INCIDENTS, OUTCOMES, VIOLATIONS, Outcome, ViolationType

__all__ = ["Incidents", "Label", "Violations", "check_label"]

Violations = Sequence[tuple[ViolationType, int]]
Incidents = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Label:
    """What is right of a call, or what a verdict says that it is."""

    outcome: Outcome | None
    violations: tuple[tuple[ViolationType, int], ...]
    incidents: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, verdict: Verdict) -> "Label":
        """What a verdict says."""
        return cls(
            verdict.outcome,
            tuple((violation.type, violation.turn) for violation in verdict.violations),
            tuple((incident.id, incident.turn) for incident in verdict.incidents),
        )

    @classmethod
    def given(
        cls,
        choice: Choice,
        outcome: Outcome | None,
        violations: Violations,
        incidents: Incidents | None,
        said: "Label",
    ) -> "Label":
        """What a reviewer gave, about a verdict that said `said`."""
        # Who overrules and does not speak of incidents lets them stand.
        kept = said.incidents if incidents is None and choice == "overrule" else incidents or ()
        return cls(
            outcome, tuple((kind, turn) for kind, turn in violations), tuple((kind, turn) for kind, turn in kept)
        )

    def same(self, other: "Label") -> bool:
        """Whether both say the same, in whatever order."""
        mine, theirs = ({*label.violations, *label.incidents} for label in (self, other))
        return self.outcome == other.outcome and mine == theirs


def check_label(choice: Choice, label: Label, said: Label, turns: int) -> None:
    """Refuse what is no label of a call of so many turns whose verdict says `said`.

    Raises:
        StoreError: it is none, or an overruled verdict says it itself.
    """
    if choice == "not_sure":
        if label.outcome is not None or label.violations or label.incidents:
            message = "who is not sure gives no label; leave outcome, violations and incidents out"
            raise StoreError(message, code="not_sure_label")
        return
    if choice == "confirm":
        return
    if label.outcome not in OUTCOMES:
        raise StoreError(f"the right outcome is wanted, one of {', '.join(OUTCOMES)}", code="outcome_missing")
    if (label.outcome == "violation") != bool(label.violations):
        message = "the outcome violation needs its violations, and no other has any"
        raise StoreError(message, code="violation_missing")
    for kind, turn in label.violations:
        # Of a call without facts and text nobody knows how many turns it has.
        if kind not in VIOLATIONS or turn < 1 or (turns and turn > turns):
            message = f"a violation is one of {', '.join(VIOLATIONS)}, at a turn from 1 to {turns or 'its last'}"
            raise StoreError(message, code="violation_turn", last=turns or "…")
    kinds = dict.fromkeys((*INCIDENTS, *(kind for kind, _ in said.incidents)))
    for name, turn in label.incidents:
        if name not in kinds or turn < 1 or (turns and turn > turns):
            message = f"an incident is one of {', '.join(kinds)}, at a turn from 1 to {turns or 'its last'}"
            raise StoreError(message, code="incident_turn", last=turns or "…")
    if label.same(said):
        message = "this is what the verdict says; confirm it, or say what is right instead"
        raise StoreError(message, code="same_label")
