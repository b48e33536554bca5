"""What the agent should have done: a sentence for each type of violation, after action and level; for incidents too."""

from collections.abc import Mapping

from ausweis.judging.verdict import Incident, Verdict, Violation
from ausweis.vocabulary import CATEGORIES, INCIDENTS, Language, ViolationType, name_of

__all__ = ["advice", "incident_advice"]

_SENTENCES: Mapping[Language, Mapping[ViolationType, str]] = {
    "de": {
        "no_authentication": "Vor der {action} ausweisen lassen{level}; {instead}.",
        "insufficient_factors": "Vor der {action} weiterfragen, bis die Merkmale genügen{level}; {instead}.",
        "late_authentication": "Dieselben Fragen vor der {action} stellen{level}; erst die richtige Antwort öffnet.",
        "factor_leaked": "Offen danach fragen ({told}) und den Anrufer nennen lassen; nichts vorlesen, womit man sich "
        "ausweist.",
        "unauthorised_third_party": "Vor der {action} nach einer hinterlegten Vollmacht sehen oder den Kontoinhaber "
        "ans Telefon bitten; {instead}.",
        "action_after_failed_authentication": "Nach der falschen Antwort ein anderes Merkmal verlangen; kommt keines, "
        "{instead}.",
    },
    "en": {
        "no_authentication": "Authenticate the caller before the {action}{level}; {instead}.",
        "insufficient_factors": "Go on asking before the {action} until the factors are enough{level}; {instead}.",
        "late_authentication": "Ask the same before the {action}{level}; only the right answer opens it.",
        "factor_leaked": "Ask openly ({told}) and let the caller say it; read out nothing that serves to identify.",
        "unauthorised_third_party": "Before the {action}, look for an authorisation on file or ask for the account "
        "holder on the line; {instead}.",
        "action_after_failed_authentication": "After the wrong answer ask for another factor; if none comes, "
        "{instead}.",
    },
}
_INSTEAD: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "disclosure": "sonst nichts sagen und Post an die hinterlegte Adresse anbieten",
        "change": "sonst nichts ändern und auf den schriftlichen Weg verweisen",
    },
    "en": {
        "disclosure": "otherwise tell nothing, and offer a letter to the address on file",
        "change": "otherwise change nothing, and point to doing it in writing",
    },
}
_LEVEL: Mapping[Language, str] = {"de": " (Stufe {level})", "en": " (level {level})"}
_SOMETHING: Mapping[Language, tuple[str, str]] = {
    "de": ("Handlung", "Merkmal"),
    "en": ("action", "factor"),
}


def incident_advice(incident: Incident, language: Language) -> str:
    """The sentence for one incident; none for a kind of the company's own."""
    return next((record.advice[language] for record in INCIDENTS.values() if record.id == incident.id), "")


def advice(violation: Violation, verdict: Verdict, language: Language) -> str:
    """The sentence for one violation of this verdict. It quotes nothing."""
    something, some_factor = _SOMETHING[language]
    category = violation.action
    level = next((one.level for one in verdict.actions if (one.turn, one.category) == (violation.turn, category)), None)
    leaked = (one for one in verdict.factors if (one.turn, one.status) == (violation.turn, "leaked"))
    told = [name_of(one.factor, language) for one in leaked]
    return _SENTENCES[language][violation.type].format(
        action=name_of(category, language) if category else something,
        level=_LEVEL[language].format(level=level) if level else "",
        instead=_INSTEAD[language][CATEGORIES[category].kind if category else "disclosure"],
        told=", ".join(dict.fromkeys(told)) or some_factor,
    )
