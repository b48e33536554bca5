"""What the agent should have done: a sentence for each violation, after action and level; for known incidents too."""

from typing import NamedTuple

from ausweis.judging.verdict import Incident, Verdict, Violation
from ausweis.views.words import Words
from ausweis.vocabulary import INCIDENTS, ViolationType

__all__ = ["Advice", "advice", "incident_advice"]

_WITHOUT: frozenset[ViolationType] = frozenset({"late_authentication", "factor_leaked"})
"""Where it was not to do without: the caller would have been authenticated, or the factor asked for."""


class Advice(NamedTuple):
    """The advice without its full stop, and what is right if that does not help; empty where it always does."""

    text: str
    instead: str = ""

    @property
    def whole(self) -> str:
        """All of it as a sentence; empty where there is no advice."""
        return f"{'; '.join(filter(None, self))}." if self.text else ""


def incident_advice(incident: Incident, words: Words) -> Advice:
    """That for one incident; none for one of the company's own."""
    records = (record for record in INCIDENTS.values() if record.id == incident.id)
    return Advice(next((record.advice[words.language] for record in records), "").removesuffix("."))


def advice(violation: Violation, verdict: Verdict, words: Words) -> Advice:
    """That for one violation of this verdict. It quotes nothing."""
    action, known = violation.action, verdict.vocabulary
    category = known.categories.get(action) if action else None
    levels = (act.level for act in verdict.actions if (act.turn, act.category) == (violation.turn, action))
    level = next(levels, None)
    leaked = [used.factor for used in verdict.factors if (used.turn, used.status) == (violation.turn, "leaked")]
    text = words.text(
        f"advice_{violation.type}",
        action=category.noun(words.language) if category else words.text("some_action"),
        level=words.text("at_level", level=words.level(level)) if level else "",
        told=", ".join(map(words.knowing(known).subject, dict.fromkeys(leaked))) or words.text("some_factor"),
    )
    instead = words.text(f"instead_{category.kind if category else 'disclosure'}")
    return Advice(text, "" if violation.type in _WITHOUT else instead)
