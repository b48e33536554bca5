"""Whether a third party was allowed to act for the account holder."""

from ausweis.judging.actions import END, WEAKEST
from ausweis.judging.decide import Decision
from ausweis.judging.rules import Rules
from ausweis.judging.timeline import Moment
from ausweis.vocabulary import AuthorisationStatus

__all__ = ["authorisation_of"]


def authorisation_of(decision: Decision, rules: Rules) -> tuple[AuthorisationStatus, Moment | None]:
    """The status for the whole call and the moment that shows it; the worst action decides.

    Where the account holder takes over, they are present once they authenticate, to whatever level; until then it is
    `unclear`.
    """
    if not any(moment.kind == "speaks_for_other" for moment in decision.moments):
        return "not_needed", None
    missing = next((moment for moment in decision.moments if moment.kind == "authorisation_missing"), None)
    others = [act for act in decision.acts if act.speaking.other is not None]
    if any(act.unauthorised for act in others):
        return "missing", missing
    if others:
        return "on_file", others[0].authorisation
    joined = [speaking for speaking in decision.trace.speaking if speaking.before is not None]
    if joined:
        shown = next(m for m in decision.moments if m.kind == "holder_joins" and m.turn == joined[0].start)
        known = rules.met(decision.trace.held(END, joined[0]), WEAKEST)
        return ("holder_present" if known else "unclear"), shown
    if missing is not None:
        return "missing", missing
    if decision.trace.authorisations and "on_file" in rules.third_party:
        return "on_file", decision.trace.authorisations[0]
    return "unclear", None
