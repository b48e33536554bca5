"""What the agent should have done: a sentence for each violation, after action and level; for known incidents too."""

from ausweis.judging.verdict import Incident, Verdict, Violation
from ausweis.views.words import Words
from ausweis.vocabulary import INCIDENTS

__all__ = ["advice", "incident_advice"]


def incident_advice(incident: Incident, words: Words) -> str:
    """The sentence for one incident; none for one of the company's own."""
    records = (record for record in INCIDENTS.values() if record.id == incident.id)
    return next((record.advice[words.language] for record in records), "")


def advice(violation: Violation, verdict: Verdict, words: Words) -> str:
    """The sentence for one violation of this verdict. It quotes nothing."""
    action, known = violation.action, verdict.vocabulary
    category = known.categories.get(action) if action else None
    levels = (act.level for act in verdict.actions if (act.turn, act.category) == (violation.turn, action))
    level = next(levels, None)
    leaked = [used.factor for used in verdict.factors if (used.turn, used.status) == (violation.turn, "leaked")]
    return words.text(
        f"advice_{violation.type}",
        action=category.noun(words.language) if category else words.text("some_action"),
        level=words.text("at_level", level=words.level(level)) if level else "",
        instead=words.text(f"instead_{category.kind if category else 'disclosure'}"),
        told=", ".join(map(words.knowing(known).subject, dict.fromkeys(leaked))) or words.text("some_factor"),
    )
