"""The six questions of the review, in the order of `vocabulary.CHECKS`, each answered by one function."""

from collections.abc import Callable

from ausweis.judging.actions import Act
from ausweis.judging.decide import Decision, identified
from ausweis.judging.rules import Rules
from ausweis.vocabulary import CHECKS, CheckId, CheckResult, Language, ViolationType

__all__ = ["FAILED_BY", "Answer", "answers", "reason_of"]

Answer = tuple[CheckResult, tuple[int, ...]]
"""The result, and the places of the events that show it."""

FAILED_BY: dict[CheckId, frozenset[ViolationType]] = {
    "caller_identified": frozenset(),
    "factors_sufficient": frozenset(
        {"no_authentication", "insufficient_factors", "action_after_failed_authentication"}
    ),
    "authenticated_before_action": frozenset(
        {
            "no_authentication",
            "insufficient_factors",
            "late_authentication",
            "action_after_failed_authentication",
        }
    ),
    "no_factor_leaked": frozenset({"factor_leaked"}),
    "third_party_authorised": frozenset({"unauthorised_third_party"}),
    "failed_authentication_handled": frozenset({"action_after_failed_authentication"}),
}
"""Which violations a check fails by. The caller's name has no violation of its own."""

REASONS: dict[Language, dict[CheckId, tuple[str, str, str, str]]] = {
    "de": {
        "caller_identified": (
            "Es ist bekannt, wer anruft.",
            "Niemand hat gesagt oder geprüft, wer anruft.",
            "Es wurde nichts getan, wofür der Anrufer bekannt sein müsste.",
            "Die Aufnahme lässt nicht erkennen, wer anruft.",
        ),
        "factors_sufficient": (
            "Die geprüften Merkmale reichen für alles, was getan wurde.",
            "Die geprüften Merkmale reichen nicht für alles, was getan wurde.",
            "Es gab keine geschützte Handlung.",
            "Die Aufnahme lässt nicht erkennen, was geprüft wurde.",
        ),
        "authenticated_before_action": (
            "Die Stufe war vor jeder Handlung erreicht.",
            "Die Stufe war nicht vor jeder Handlung erreicht.",
            "Es gab keine geschützte Handlung.",
            "Die Aufnahme lässt nicht erkennen, was vor der Handlung geprüft wurde.",
        ),
        "no_factor_leaked": (
            "Der Agent hat kein Merkmal vor der Zeit gesagt.",
            "Der Agent hat ein Merkmal gesagt, bevor die Stufe dafür erreicht war.",
            "Es kam kein Merkmal zur Sprache.",
            "Es ist nicht zu erkennen, ob ein Merkmal vorgesagt wurde.",
        ),
        "third_party_authorised": (
            "Die dritte Person durfte handeln.",
            "Die dritte Person durfte nicht handeln.",
            "Es wurde nichts für eine dritte Person getan.",
            "Es ist nicht zu erkennen, ob die dritte Person handeln durfte.",
        ),
        "failed_authentication_handled": (
            "Nach einer abgelehnten Antwort geschah nichts ohne eine richtige.",
            "Nach einer abgelehnten Antwort wurde ohne eine richtige gehandelt.",
            "Es wurde keine Antwort abgelehnt.",
            "Es ist nicht zu erkennen, was nach der abgelehnten Antwort geschah.",
        ),
    },
    "en": {
        "caller_identified": (
            "It is known who is calling.",
            "Nobody said or verified who is calling.",
            "Nothing was done for which the caller would have to be known.",
            "The recording does not show who is calling.",
        ),
        "factors_sufficient": (
            "The verified factors are enough for all that was done.",
            "The verified factors are not enough for all that was done.",
            "There was no protected action.",
            "The recording does not show what was verified.",
        ),
        "authenticated_before_action": (
            "The level was met before each action.",
            "The level was not met before each action.",
            "There was no protected action.",
            "The recording does not show what was verified before the action.",
        ),
        "no_factor_leaked": (
            "The agent told no factor before the time.",
            "The agent told a factor before the level for it was met.",
            "No factor came up.",
            "It cannot be told whether a factor was leaked.",
        ),
        "third_party_authorised": (
            "The third party was allowed to act.",
            "The third party was not allowed to act.",
            "Nothing was done for a third party.",
            "It cannot be told whether the third party was allowed to act.",
        ),
        "failed_authentication_handled": (
            "After a rejected answer nothing was done without a right one.",
            "After a rejected answer something was done without a right one.",
            "No answer was rejected.",
            "It cannot be told what followed the rejected answer.",
        ),
    },
}
RESULTS: tuple[CheckResult, ...] = ("pass", "fail", "not_applicable", "unclear")


def reason_of(check: CheckId, result: CheckResult, language: Language) -> str:
    """The sentence for a check's result."""
    return REASONS[language][check][RESULTS.index(result)]


def answers(decision: Decision, rules: Rules, *, inconclusive: bool) -> list[tuple[CheckId, Answer]]:
    """All checks. In a recording that nobody can tell from, what would fail is `unclear`."""
    found = []
    for check in CHECKS:
        result, events = ANSWERED_BY[check](decision, rules)
        found.append((check, ("unclear" if inconclusive and result == "fail" else result, events)))
    return found


def _caller_identified(decision: Decision, rules: Rules) -> Answer:
    moment = identified(decision)
    if moment is not None:
        return "pass", (moment.place,)
    if decision.acts and rules.name_required:
        return "fail", (decision.acts[0].moment.place,)
    return "not_applicable", ()


def _all_acts(decision: Decision, good: Callable[[Act], bool]) -> Answer:
    if not decision.acts:
        return "not_applicable", ()
    bad = tuple(act.moment.place for act in decision.acts if not good(act))
    return ("fail", bad) if bad else ("pass", ())


def _factors_sufficient(decision: Decision, rules: Rules) -> Answer:
    return _all_acts(decision, lambda act: act.later)


def _authenticated_before_action(decision: Decision, rules: Rules) -> Answer:
    return _all_acts(decision, lambda act: act.met)


def _no_factor_leaked(decision: Decision, rules: Rules) -> Answer:
    events = _shown(decision, "factor_leaked")
    if events:
        return "fail", events
    came_up = decision.acts or decision.trace.given or decision.trace.read_outs
    return ("pass", ()) if came_up else ("not_applicable", ())


def _third_party_authorised(decision: Decision, rules: Rules) -> Answer:
    events = _shown(decision, "unauthorised_third_party")
    if events:
        return "fail", events
    allowed = [act.authorisation.place for act in decision.acts if act.authorisation is not None]
    joined = [act for act in decision.acts if act.start]
    if not allowed and not joined:
        return "not_applicable", ()
    # An account holder who joins and does not authenticate may be anybody.
    return ("pass", tuple(allowed[:1])) if all(act.met for act in joined) else ("unclear", ())


def _failed_authentication_handled(decision: Decision, rules: Rules) -> Answer:
    events = _shown(decision, "action_after_failed_authentication")
    if events:
        return "fail", events
    rejections = tuple(moment.place for moment in decision.trace.rejections)
    return ("pass", rejections) if rejections else ("not_applicable", ())


def _shown(decision: Decision, violation: ViolationType) -> tuple[int, ...]:
    places = [place for finding in decision.findings if finding.type == violation for place in finding.events]
    return tuple(dict.fromkeys(places))


ANSWERED_BY: dict[CheckId, Callable[[Decision, Rules], Answer]] = {
    "caller_identified": _caller_identified,
    "factors_sufficient": _factors_sufficient,
    "authenticated_before_action": _authenticated_before_action,
    "no_factor_leaked": _no_factor_leaked,
    "third_party_authorised": _third_party_authorised,
    "failed_authentication_handled": _failed_authentication_handled,
}
