"""Why a finding is one: a sentence in the policy's language that names what was missing. It quotes nothing."""

from ausweis.judging.decide import Decision
from ausweis.judging.rules import Rules
from ausweis.judging.violations import Finding
from ausweis.judging.words import AND, OR, listed, sets_in_words
from ausweis.vocabulary import Language, ViolationType, name_of

__all__ = ["reason_for"]

SENTENCES: dict[Language, dict[ViolationType, str]] = {
    "de": {
        "no_authentication": "Vor der {action} wurde nichts geprüft; für die Stufe {level} fehlte: {missing}.",
        "insufficient_factors": "Vor der {action} war zu wenig geprüft; für die Stufe {level} fehlte: {missing}.",
        "late_authentication": (
            "Erst nach der {action} kam in Turn {turn}: {factor}; vorher fehlte für die Stufe {level}: {missing}."
        ),
        "factor_leaked": (
            "Der Agent sagte selbst, was zum Ausweisen dient ({told}), bevor die Stufe {level} erreicht war; "
            "es fehlte: {missing}."
        ),
        "unauthorised_third_party": "Die {action} geschah auf Bitten einer dritten Person; es fehlte: {missing}.",
        "action_after_failed_authentication": (
            "Eine Antwort wurde in Turn {turn} als falsch abgelehnt, keine richtige folgte, und doch kam es zur "
            "{action}; für die Stufe {level} fehlte: {missing}."
        ),
    },
    "en": {
        "no_authentication": "Nothing was verified before the {action}; the level {level} lacked: {missing}.",
        "insufficient_factors": "Too little was verified before the {action}; the level {level} lacked: {missing}.",
        "late_authentication": (
            "Only after the {action}, in turn {turn}, came: {factor}; before it the level {level} lacked: {missing}."
        ),
        "factor_leaked": (
            "The agent told what serves to identify ({told}) before the level {level} was met; lacking: {missing}."
        ),
        "unauthorised_third_party": "The {action} was done for a third party; lacking: {missing}.",
        "action_after_failed_authentication": (
            "An answer was rejected as wrong in turn {turn}, no right one followed, and still came the {action}; "
            "the level {level} lacked: {missing}."
        ),
    },
}
PERMISSION: dict[Language, tuple[str, str, str]] = {
    "de": (
        "eine hinterlegte Vollmacht",
        "der Kontoinhaber am Telefon, der sich ausweist",
        "die Erlaubnis der Policy, die keine dritte Person zulässt",
    ),
    "en": (
        "an authorisation on file",
        "the account holder on the line, who authenticates",
        "the policy's leave, which allows no third party",
    ),
}


def reason_for(finding: Finding, decision: Decision, rules: Rules, language: Language) -> str:
    """The sentence for one finding of this decision."""
    sentence = SENTENCES[language][finding.type]
    if finding.act is None:
        return sentence.format(**_leak(finding, decision, rules, language))
    act = finding.act
    if finding.type == "unauthorised_third_party":
        return sentence.format(action=name_of(act.category, language), missing=permission(rules, language))
    by_place = {moment.place: moment for moment in decision.moments}
    shown = by_place[finding.events[-1]]  # the rejection or the later factor, where there is one
    later = shown.subject if shown.kind == "gives" else shown.kind
    return sentence.format(
        action=name_of(act.category, language),
        level=rules.levels[act.level],
        missing=sets_in_words(rules.missing(act.held, act.level), language),
        turn=shown.turn,
        factor=name_of(str(later), language),
    )


def permission(rules: Rules, language: Language) -> str:
    """What would let a third party act under this policy."""
    on_file, holder, never = PERMISSION[language]
    accepted = [text for text, allowed in ((on_file, rules.on_file), (holder, rules.holder_present)) if allowed]
    return listed(accepted, OR[language]) if accepted else never


def _leak(finding: Finding, decision: Decision, rules: Rules, language: Language) -> dict[str, str]:
    """The parts of the sentence about a leak; of several values told in a turn the strictest level is named."""
    told = [moment.subject for moment in decision.moments if moment.place in finding.events]
    level = max(rules.read_out[str(factor)] for factor in told)
    held = decision.trace.held(finding.turn, decision.trace.speaks_at(finding.turn).start)
    names = listed(list(dict.fromkeys(name_of(str(factor), language) for factor in told)), AND[language])
    return {"told": names, "level": rules.levels[level], "missing": sets_in_words(rules.missing(held, level), language)}
