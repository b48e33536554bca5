"""What a verdict says, as sentences in the reader's language. They quote nothing, unless told how to mask a quote."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from ausweis.facts import Facts
from ausweis.judging.evidence import speaking_of
from ausweis.judging.reasons import BadlyHeardReason, HeardBadly, ReviewReason, TextReason
from ausweis.judging.timeline import EVENT_THRESHOLD, in_order, moments
from ausweis.judging.verdict import Check, Incident, Verdict, Violation
from ausweis.vocabulary import INCIDENTS, KNOWN_WORDS, Language, Vocabulary, level_name, name_of

__all__ = [
    "AND",
    "SENTENCES",
    "Quoting",
    "check_sentence",
    "incident_sentence",
    "listed",
    "permission_in_words",
    "review_sentence",
    "sets_in_words",
    "speaking_sentence",
    "violation_sentence",
]

AND: dict[Language, str] = {"de": "und", "en": "and"}
OR: dict[Language, str] = {"de": "oder", "en": "or"}
SENTENCES: dict[Language, dict[str, str]] = {
    "de": {
        # violations
        "no_authentication": "Vor der {action} wurde nichts geprüft; für die Stufe „{level}“ fehlte: {missing}.",
        "insufficient_factors": "Vor der {action} war zu wenig geprüft; für die Stufe „{level}“ fehlte: {missing}.",
        "late_authentication": (
            "Erst nach der {action} kam in Redebeitrag {turn}: {factor}. Vorher fehlte für die Stufe „{level}“: "
            "{missing}."
        ),
        "factor_leaked": (
            "Der Agent sagte selbst, was zum Ausweisen dient ({told}), bevor die Stufe „{level}“ erreicht war; "
            "es fehlte: {missing}."
        ),
        "unauthorised_third_party": "Die {action} geschah auf Bitten einer dritten Person; dafür fehlte: {accepted}.",
        "action_after_failed_authentication": (
            "In Redebeitrag {turn} wurde eine Antwort als falsch abgelehnt, keine richtige folgte, und doch kam es zur "
            "{action}; für die Stufe „{level}“ fehlte: {missing}."
        ),
        # checks
        "caller_known": "Es ist bekannt, wer anruft.",
        "caller_unknown": "Niemand hat gesagt oder geprüft, wer anruft.",
        "caller_not_needed": "Es wurde nichts getan, wofür der Anrufer bekannt sein müsste.",
        "caller_not_recognisable": "Die Aufnahme lässt nicht erkennen, wer anruft.",
        "enough_verified": "Die geprüften Merkmale reichen für alles, was getan wurde.",
        "too_little_verified": "Die geprüften Merkmale reichen nicht für alles, was getan wurde.",
        "verification_not_recognisable": "Die Aufnahme lässt nicht erkennen, was geprüft wurde.",
        "met_before_actions": "Die Stufe war vor jeder Handlung erreicht.",
        "not_met_before_actions": "Die Stufe war nicht vor jeder Handlung erreicht.",
        "order_not_recognisable": "Die Aufnahme lässt nicht erkennen, was vor der Handlung geprüft wurde.",
        "no_action": "Es gab keine geschützte Handlung.",
        "nothing_leaked": "Der Agent hat kein Merkmal vor der Zeit gesagt.",
        "leaked": "Der Agent hat ein Merkmal gesagt, bevor die Stufe dafür erreicht war.",
        "no_factor": "Es kam kein Merkmal zur Sprache.",
        "leak_not_recognisable": "Es ist nicht zu erkennen, ob ein Merkmal vorgesagt wurde.",
        "third_party_allowed": "Die dritte Person durfte handeln.",
        "third_party_not_allowed": "Die dritte Person durfte nicht handeln.",
        "no_third_party": "Es wurde nichts für eine dritte Person getan.",
        "third_party_not_recognisable": "Es ist nicht zu erkennen, ob die dritte Person handeln durfte.",
        "rejection_heeded": "Nach einer abgelehnten Antwort geschah nichts ohne eine richtige.",
        "rejection_ignored": "Nach einer abgelehnten Antwort wurde ohne eine richtige gehandelt.",
        "no_rejection": "Es wurde keine Antwort abgelehnt.",
        "rejection_not_recognisable": "Es ist nicht zu erkennen, was nach der abgelehnten Antwort geschah.",
        # review
        "outcome_unsure": "Das Ergebnis ist unsicher (Verlässlichkeit {confidence}).",
        "critical_unsure": "Ein kritischer Verstoß, aber nicht sicher genug (Verlässlichkeit {confidence}).",
        "roles_unsure": "Wer von beiden für das Unternehmen spricht, ist unsicher (zu {confidence} sicher).",
        "violation_unsure": "Der erste Verstoß hängt an einer unsicheren Stelle (Redebeitrag {turns}).",
        "incident_unsure": "Ein schwerer Vorfall ist unsicher (Redebeitrag {turns}).",
        "unknown_speakers": "Wer in Redebeitrag {turns} spricht, ist unbekannt: Es kann der Agent sein.",
        "badly_heard": "Das Urteil hängt an schlecht verständlichen Stellen (Redebeitrag {turns}){heard}.",
        "own_words_not_read": "Nach diesen eigenen Begriffen des Regelwerks wurde nicht gesucht: {words}.",
        "inconclusive": "Die Aufnahme reicht nicht für ein Urteil.",
        "caller_unclear": "Es gab eine Handlung, aber es ist unklar, wer angerufen hat oder um wessen Konto es ging.",
        "unmeasured_reader": (
            "Keine geschützte Handlung gefunden; aber wie viele dieses Modell überliest, wurde nie gemessen."
        ),
        "quote_not_in_turn": (
            "Etwas, das das Modell nannte, ist weggelassen: Das Zitat steht nicht im Redebeitrag oder ist zu kurz."
        ),
        "wrong_speaker": "Etwas, das das Modell nannte, ist weggelassen: Im Redebeitrag spricht der andere.",
        "not_in_words": "Etwas, das das Modell nannte, ist weggelassen: Die Worte im Redebeitrag können es nicht sein.",
        "hardly_likely": "Etwas, das das Modell nannte, ist weggelassen: Es war sich dabei selbst kaum sicher.",
        "note": "Hinweis: {text}",
    },
    "en": {
        # violations
        "no_authentication": "Nothing was verified before the {action}; the level “{level}” lacked: {missing}.",
        "insufficient_factors": "Too little was verified before the {action}; the level “{level}” lacked: {missing}.",
        "late_authentication": (
            "Only after the {action}, in turn {turn}, came: {factor}. Before it the level “{level}” lacked: {missing}."
        ),
        "factor_leaked": (
            "The agent told what serves to identify ({told}) before the level “{level}” was met; lacking: {missing}."
        ),
        "unauthorised_third_party": "The {action} was done for a third party; lacking for that: {accepted}.",
        "action_after_failed_authentication": (
            "An answer was rejected as wrong in turn {turn}, no right one followed, and still came the {action}; "
            "the level “{level}” lacked: {missing}."
        ),
        # checks
        "caller_known": "It is known who is calling.",
        "caller_unknown": "Nobody said or verified who is calling.",
        "caller_not_needed": "Nothing was done for which the caller would have to be known.",
        "caller_not_recognisable": "The recording does not show who is calling.",
        "enough_verified": "The verified factors are enough for all that was done.",
        "too_little_verified": "The verified factors are not enough for all that was done.",
        "verification_not_recognisable": "The recording does not show what was verified.",
        "met_before_actions": "The level was met before each action.",
        "not_met_before_actions": "The level was not met before each action.",
        "order_not_recognisable": "The recording does not show what was verified before the action.",
        "no_action": "There was no protected action.",
        "nothing_leaked": "The agent told no factor before the time.",
        "leaked": "The agent told a factor before the level for it was met.",
        "no_factor": "No factor came up.",
        "leak_not_recognisable": "It cannot be told whether a factor was leaked.",
        "third_party_allowed": "The third party was allowed to act.",
        "third_party_not_allowed": "The third party was not allowed to act.",
        "no_third_party": "Nothing was done for a third party.",
        "third_party_not_recognisable": "It cannot be told whether the third party was allowed to act.",
        "rejection_heeded": "After a rejected answer nothing was done without a right one.",
        "rejection_ignored": "After a rejected answer something was done without a right one.",
        "no_rejection": "No answer was rejected.",
        "rejection_not_recognisable": "It cannot be told what followed the rejected answer.",
        # review
        "outcome_unsure": "The outcome is unsure (confidence {confidence}).",
        "critical_unsure": "A critical violation, but not sure enough (confidence {confidence}).",
        "roles_unsure": "Which of the two speaks for the company is unsure ({confidence} sure).",
        "violation_unsure": "The first violation hangs on an unsure place (turn {turns}).",
        "incident_unsure": "A grave incident is unsure (turn {turns}).",
        "unknown_speakers": "Who speaks in turn {turns} is unknown: it may be the agent.",
        "badly_heard": "The verdict hangs on places that were heard badly (turn {turns}){heard}.",
        "own_words_not_read": "These words of the policy's own were not looked for: {words}.",
        "inconclusive": "The recording is not enough for a judgement.",
        "caller_unclear": "Something was done, but it is unclear who called or whose account it was.",
        "unmeasured_reader": "No protected action was found; but how many this model misses was never measured.",
        "quote_not_in_turn": (
            "Something that the model named was dropped: its quote does not stand in the turn, or is too short."
        ),
        "wrong_speaker": "Something that the model named was dropped: the other one speaks in the turn.",
        "not_in_words": "Something that the model named was dropped: the words of the turn cannot be it.",
        "hardly_likely": "Something that the model named was dropped: the model itself was hardly sure of it.",
        "note": "Note: {text}",
    },
}
"""By the code of the reason; codes of violations, checks and review are never the same."""
PERMISSIONS: dict[Language, dict[str, str]] = {
    "de": {
        "on_file": "eine hinterlegte Vollmacht",
        "holder_present": "der Kontoinhaber am Telefon, der sich ausweist",
        "never": "die Erlaubnis des Regelwerks, das keine dritte Person zulässt",
    },
    "en": {
        "on_file": "an authorisation on file",
        "holder_present": "the account holder on the line, who authenticates",
        "never": "the policy's leave, which allows no third party",
    },
}

SPEAKING: dict[Language, dict[str, str]] = {
    "de": {
        "other": "ab Redebeitrag {turn} geht es um das Konto eines anderen",
        "holder": "ab Redebeitrag {turn} spricht der Kontoinhaber",
        "refused": "in Redebeitrag {turn} abgelehnt, danach wohl wieder um das eigene",
        "self": "ab Redebeitrag {turn} wieder um das eigene",
    },
    "en": {
        "other": "from turn {turn} on it is about somebody else's account",
        "holder": "from turn {turn} on the account holder speaks",
        "refused": "refused in turn {turn}, and since then probably about the own one again",
        "self": "from turn {turn} on about the own one again",
    },
}


Quoting = Callable[[str, int], str]
"""A quote of a turn as the reader may see it."""
LONGEST_QUOTE = 80
QUOTES: dict[Language, tuple[str, str]] = {"de": ("„{}“", "kein Wort verstanden"), "en": ("“{}”", "no word understood")}
"""How words stand in a sentence that were heard badly, and what stands where none were."""


def violation_sentence(violation: Violation, language: Language, words: Vocabulary = KNOWN_WORDS) -> str:
    """Why the rule is broken: what was missing. `words`: those of the verdict, which may name own ones."""
    # A leak has no action, and its sentence names none.
    category = words.categories.get(violation.action or "")
    action = category.noun(language) if category else name_of(violation.action or "", language)
    return _sentence(violation.reason, language, words, action=action, violation=name_of(violation.type, language))


def check_sentence(check: Check, language: Language) -> str:
    """Why the check has its result."""
    return _sentence(check.reason, language, KNOWN_WORDS)


def review_sentence(
    reason: ReviewReason, language: Language, words: Vocabulary = KNOWN_WORDS, quoting: Quoting | None = None
) -> str:
    """Why a person should look at the verdict; with `quoting`, at which words."""
    if isinstance(reason, BadlyHeardReason):
        return _sentence(reason, language, words, heard=_heard(reason.heard, language, words, quoting))
    return _sentence(reason, language, words)


def incident_sentence(incident: Incident, language: Language) -> str:
    """What the incident is: a known one in our words, a company's own in the words of its policy."""
    known = (record.sentence[language] for record in INCIDENTS.values() if record.id == incident.id)
    return next(known, incident.description or "")


def speaking_sentence(facts: Facts, verdict: Verdict, language: Language) -> str:
    """Who speaks for whom, since when; empty where it is never about another's account."""
    if verdict.authorisation.status == "not_needed":
        return ""
    shown = {(said.turn, said.quote) for violation in verdict.violations for said in violation.evidence}
    likely = in_order(e for e in facts.events if e.probability >= EVENT_THRESHOLD or (e.turn, e.quote) in shown)
    told = []
    for speaking in speaking_of(moments(likely))[1:]:
        turn = speaking.turn
        if speaking.other is not None:
            who = "other"
        elif speaking.before is not None:
            who = "holder"
        elif speaking.refused is not None:
            who, turn = "refused", speaking.refused.turn
        else:
            who = "self"
        told.append(SPEAKING[language][who].format(turn=turn))
    return "; ".join(told)


def permission_in_words(accepted: Sequence[str], language: Language) -> str:
    """What would let a third party act, where the policy accepts this."""
    words = PERMISSIONS[language]
    return listed([words[permission] for permission in accepted], OR[language]) if accepted else words["never"]


def listed(words: Sequence[str], joint: str) -> str:
    """`a, b or c`."""
    return f" {joint} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def sets_in_words(sets: Iterable[Collection[str]], language: Language, words: Vocabulary = KNOWN_WORDS) -> str:
    """Sets of factors, any one of which is enough: `PIN or date of birth + customer number`."""
    order = {factor: place for place, factor in enumerate(words.factors)}
    ordered = (sorted(factors, key=lambda factor: order.get(factor, len(order))) for factors in sets)
    names = [" + ".join(name_of(factor, language, words) for factor in factors) for factors in ordered]
    return listed(names, OR[language])


def _sentence(reason: Any, language: Language, words: Vocabulary, **more: str) -> str:
    if isinstance(reason, TextReason):
        return reason.text
    values = {name: _WORDS[name](value, language, words) if name in _WORDS else value for name, value in reason}
    return SENTENCES[language][reason.code].format(**{**values, **more})


def _heard(heard: Sequence[HeardBadly], language: Language, words: Vocabulary, quoting: Quoting | None) -> str:
    """`: PIN (“four seven”); name (no word understood)`; empty where no more than the turns is known."""
    quote, nothing = QUOTES[language]
    told = []
    for place in heard:
        said = nothing if place.quote is None else ""
        if place.quote and quoting is not None:
            said = quote.format(_shortened(quoting(place.quote, place.turn)))
        about = name_of(place.about, language, words) if place.about else ""
        told.append(f"{about} ({said})" if about and said else about or said)
    told = [one for one in dict.fromkeys(told) if one]
    return f": {'; '.join(told)}" if told else ""


def _shortened(quote: str) -> str:
    return quote if len(quote) <= LONGEST_QUOTE else f"{quote[: LONGEST_QUOTE - 1].rstrip()}…"


def _names(ids: Sequence[str], language: Language, words: Vocabulary) -> str:
    return listed([name_of(word, language, words) for word in ids], AND[language])


_PERCENT: dict[Language, str] = {"de": "{}\u00a0%", "en": "{}%"}
_WORDS: dict[str, Callable[[Any, Language, Vocabulary], str]] = {
    "missing": sets_in_words,
    "told": _names,
    "words": _names,
    "factor": name_of,
    "accepted": lambda accepted, language, words: permission_in_words(accepted, language),
    "turns": lambda turns, language, words: ", ".join(map(str, turns)),
    "level": lambda level, language, words: level_name(level, language),
    "confidence": lambda share, language, words: _PERCENT[language].format(round(100 * share)),
}
"""How a value stands in a sentence, by its name; all others stand as they are."""
