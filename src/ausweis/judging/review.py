"""Which verdicts a person should look at, and why."""

from collections.abc import Sequence

from ausweis.facts import NOTES, NoteCode
from ausweis.judging.reasons import (
    BadlyHeardReason,
    ConfidenceReason,
    HeardBadly,
    NoteReason,
    PlainReason,
    ReviewReason,
    TurnsReason,
    WordsReason,
)
from ausweis.judging.verdict import Incident, Violation
from ausweis.vocabulary import Outcome

__all__ = ["GRAVE", "SURE", "SURE_OF_CRITICAL", "SURE_OF_ROLES", "THIN", "review_reasons"]

SURE = 0.7
"""A verdict of less confidence is looked at."""
SURE_OF_CRITICAL = 0.9
"""The same where a critical violation is claimed."""
THIN = 0.6
"""A violation that hangs on an event of less probability is looked at."""
GRAVE = ("high", "critical")
"""Incidents of these severities are looked at where they are less sure than `SURE`."""
SURE_OF_ROLES = 0.9
"""A call in which it is less sure who is the agent is looked at: swapped roles turn a verdict round."""
EARLIER_NOTES: dict[NoteCode, str] = {
    "quote_not_in_turn": "a violation that the model named was dropped: its quote does not stand in the turn",
}
"""What facts said before notes had codes; the facts keep it, since their hash stands in verdicts."""


def review_reasons(
    *,
    outcome: Outcome,
    confidence: float,
    violations: Sequence[Violation],
    thinnest: float,
    caller_unclear: bool,
    roles: float | None,
    unknown_speakers: Sequence[int],
    badly_heard: Sequence[int],
    heard: Sequence[HeardBadly],
    notes: Sequence[str],
    incidents: Sequence[Incident] = (),
    not_read: Sequence[str] = (),
    unmeasured: bool = False,
) -> tuple[ReviewReason, ...]:
    """All reasons; none means that the verdict needs no review.

    `thinnest` is the lowest probability among the events that the first violation rests on (1 without one);
    `caller_unclear` whether nobody says who had something done, or on whose account after another's was refused;
    `badly_heard` are the turns that the verdict hangs on and whose words are not sure, as facts of earlier versions
    have them, `heard` the places as facts have them now; `not_read` the own words of the
    policy that nobody looked for: a set with one could not be met, and an action of one not be seen. With `unmeasured`,
    nothing is known of how many actions the reader misses.
    """
    reasons: list[ReviewReason] = []
    if not_read:
        reasons.append(WordsReason(words=tuple(not_read)))
    if confidence < SURE:
        reasons.append(ConfidenceReason(code="outcome_unsure", confidence=confidence))
    if outcome == "inconclusive":
        reasons.append(PlainReason(code="inconclusive"))
    if unmeasured and outcome == "not_applicable":
        reasons.append(PlainReason(code="unmeasured_reader"))
    if violations and thinnest < THIN:
        reasons.append(TurnsReason(code="violation_unsure", turns=(violations[0].turn,)))
    if caller_unclear:
        reasons.append(PlainReason(code="caller_unclear"))
    if SURE <= confidence < SURE_OF_CRITICAL and any(violation.severity == "critical" for violation in violations):
        reasons.append(ConfidenceReason(code="critical_unsure", confidence=confidence))
    if roles is not None and roles < SURE_OF_ROLES:
        reasons.append(ConfidenceReason(code="roles_unsure", confidence=roles))
    if unknown_speakers:
        reasons.append(TurnsReason(code="unknown_speakers", turns=tuple(unknown_speakers)))
    thin = [incident.turn for incident in incidents if incident.severity in GRAVE and incident.probability < SURE]
    if thin:
        reasons.append(TurnsReason(code="incident_unsure", turns=tuple(dict.fromkeys(thin))))
    turns = sorted({*badly_heard, *(place.turn for place in heard)})
    if turns:
        reasons.append(BadlyHeardReason(turns=tuple(turns), heard=tuple(heard)))
    return (*reasons, *map(_note, notes))


def _note(note: str) -> ReviewReason:
    for code in NOTES:
        if note in (code, EARLIER_NOTES.get(code)):
            return PlainReason(code=code)
    return NoteReason(text=note)
