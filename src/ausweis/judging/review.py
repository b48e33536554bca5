"""Which verdicts a person should look at, and why: short sentences in the policy's language."""

from collections.abc import Sequence

from ausweis.judging.verdict import Incident, Violation
from ausweis.vocabulary import Caller, Language, Outcome

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

TEXTS: dict[Language, dict[str, str]] = {
    "de": {
        "unsure": "Das Ergebnis ist unsicher (confidence {confidence:.2f}).",
        "inconclusive": "Die Aufnahme reicht nicht für ein Urteil.",
        "thin": "Der erste Verstoß hängt an einer unsicheren Stelle (Turn {turn}).",
        "unclear": "Es gab eine Handlung, aber es ist unklar, wer angerufen hat.",
        "critical": "Ein kritischer Verstoß, aber nicht sicher genug (confidence {confidence:.2f}).",
        "roles": "Wer von beiden für das Unternehmen spricht, ist unsicher ({roles:.2f}).",
        "heard": "Das Urteil hängt an schlecht verstandenen Stellen (Turn {turns}).",
        "incident": "Ein schwerer Vorfall ist unsicher (Turn {turns}).",
        "note": "Zur Lesung: {note}",
    },
    "en": {
        "unsure": "The outcome is unsure (confidence {confidence:.2f}).",
        "inconclusive": "The recording is not enough for a judgement.",
        "thin": "The first violation hangs on an unsure place (turn {turn}).",
        "unclear": "Something was done, but it is unclear who called.",
        "critical": "A critical violation, but not sure enough (confidence {confidence:.2f}).",
        "roles": "Which of the two speaks for the company is unsure ({roles:.2f}).",
        "heard": "The verdict hangs on places that were heard badly (turn {turns}).",
        "incident": "A grave incident is unsure (turn {turns}).",
        "note": "About the reading: {note}",
    },
}


def review_reasons(
    *,
    outcome: Outcome,
    confidence: float,
    violations: Sequence[Violation],
    thinnest: float,
    caller: Caller,
    acted: bool,
    roles: float | None,
    badly_heard: Sequence[int],
    notes: Sequence[str],
    language: Language,
    incidents: Sequence[Incident] = (),
) -> tuple[str, ...]:
    """All reasons; none means that the verdict needs no review.

    `thinnest` is the lowest probability among the events that the first violation rests on (1 without one);
    `badly_heard` are the turns that the verdict hangs on and whose words are not sure.
    """
    texts = TEXTS[language]
    found = []
    if confidence < SURE:
        found.append(texts["unsure"].format(confidence=confidence))
    if outcome == "inconclusive":
        found.append(texts["inconclusive"])
    if violations and thinnest < THIN:
        found.append(texts["thin"].format(turn=violations[0].turn))
    if caller == "unclear" and acted:
        found.append(texts["unclear"])
    if SURE <= confidence < SURE_OF_CRITICAL and any(one.severity == "critical" for one in violations):
        found.append(texts["critical"].format(confidence=confidence))
    if roles is not None and roles < SURE_OF_ROLES:
        found.append(texts["roles"].format(roles=roles))
    thin = dict.fromkeys(one.turn for one in incidents if one.severity in GRAVE and one.probability < SURE)
    if thin:
        found.append(texts["incident"].format(turns=", ".join(map(str, thin))))
    if badly_heard:
        found.append(texts["heard"].format(turns=", ".join(map(str, badly_heard))))
    return (*found, *(texts["note"].format(note=note) for note in notes))
