"""What the pages say, in German and English: the words of the domain, and how days and numbers are written."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from ausweis.reports.review_words import OUTCOMES, SEVERITIES, STATES
from ausweis.serve.texts import TEXTS
from ausweis.vocabulary import Language, name_of

__all__ = ["DOMAIN", "Words", "language_of"]

DOMAIN: dict[Language, dict[str, str]] = {
    "de": {
        "confirm": "bestätigt",
        "overrule": "verworfen",
        "decided": "entschieden",
        "agent": "Agent",
        "caller": "Anrufer",
        "unknown": "unbekannt",
        "account_holder": "Kontoinhaber",
        "third_party": "dritte Person",
        "unclear": "unklar",
        "verified": "geprüft",
        "leaked": "vorgesagt",
        "rejected": "abgelehnt",
        "met": "Stufe erreicht",
        "unmet": "Stufe nicht erreicht",
        "pass": "ja",
        "fail": "nein",
        "caller_identified": "Anrufer benannt",
        "factors_sufficient": "genug Merkmale",
        "authenticated_before_action": "vor der Handlung geprüft",
        "no_factor_leaked": "nichts vorgesagt",
        "third_party_authorised": "dritte Person berechtigt",
        "failed_authentication_handled": "nach Fehlschlag nichts getan",
        "gives": "nennt",
        "speaks_for_other": "ruft für jemanden an",
        "holder_joins": "Kontoinhaber kommt dazu",
        "asks": "fragt nach",
        "accepts": "nimmt an",
        "rejects": "weist zurück",
        "reads_out": "liest vor",
        "discloses": "gibt Auskunft",
        "changes": "ändert",
        "authorisation_found": "Vollmacht gefunden",
        "authorisation_missing": "keine Vollmacht",
        "refuses": "lehnt ab",
        "inbound": "eingehend",
        "outbound": "ausgehend",
    },
    "en": {
        "confirm": "confirmed",
        "overrule": "overruled",
        "decided": "decided",
        "agent": "agent",
        "caller": "caller",
        "unknown": "unknown",
        "account_holder": "account holder",
        "third_party": "third party",
        "unclear": "unclear",
        "verified": "verified",
        "leaked": "leaked",
        "rejected": "rejected",
        "met": "level met",
        "unmet": "level not met",
        "pass": "yes",
        "fail": "no",
        "caller_identified": "caller identified",
        "factors_sufficient": "enough factors",
        "authenticated_before_action": "verified before the action",
        "no_factor_leaked": "no factor leaked",
        "third_party_authorised": "third party authorised",
        "failed_authentication_handled": "nothing done after a failure",
        "gives": "gives",
        "speaks_for_other": "calls for somebody else",
        "holder_joins": "account holder joins",
        "asks": "asks for",
        "accepts": "accepts",
        "rejects": "rejects",
        "reads_out": "reads out",
        "discloses": "discloses",
        "changes": "changes",
        "authorisation_found": "authorisation found",
        "authorisation_missing": "no authorisation",
        "refuses": "refuses",
        "inbound": "inbound",
        "outbound": "outbound",
    },
}
_MONTHS = {
    "de": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sep. Okt. Nov. Dez.".split(),
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),
}


@dataclass(frozen=True)
class Words:
    """The words of one language; templates know it as `w`."""

    language: Language

    def text(self, key: str, **values: object) -> str:
        """A sentence of the pages. Values are put in as they are: templates escape the whole."""
        return TEXTS[self.language][key].format(**values)

    def word(self, word: str) -> str:
        """A word of the domain; one that a policy named itself is shown with spaces."""
        return _words(self.language).get(word) or name_of(word, self.language)

    def capital(self, text: str) -> str:
        """The text with a capital at its start."""
        return text[:1].upper() + text[1:]

    def day(self, day: date | None) -> str:
        """`2. März 2026`, `2 Mar 2026`; a dash where unknown."""
        if day is None:
            return "–"
        dot = "." if self.language == "de" else ""
        return f"{day.day}{dot} {_MONTHS[self.language][day.month - 1]} {day.year}"

    def number(self, value: float | None, places: int = 0) -> str:
        """`1.234,5` or `1,234.5`; a dash where there is none."""
        if value is None:
            return "–"
        text = f"{value:,.{places}f}".replace("-", "−")
        return text.translate(str.maketrans(",.", ".,")) if self.language == "de" else text

    def percent(self, share: float | None, places: int = 0) -> str:
        """A share from 0 to 1 as `72 %` or `72%`."""
        if share is None:
            return "–"
        return f"{self.number(share * 100, places)}{chr(0x202F) if self.language == 'de' else ''}%"


@cache
def _words(language: Language) -> dict[str, str]:
    tables = (OUTCOMES[language], SEVERITIES[language], STATES[language], DOMAIN[language])
    return {str(word): text for table in tables for word, text in table.items()}


def language_of(chosen: str | None, accepted: str) -> Language:
    """The language that was chosen; else the first of ours that the browser asks for (`Accept-Language`)."""
    if chosen in ("de", "en"):
        return "de" if chosen == "de" else "en"
    weighed = []
    for place, part in enumerate(accepted.split(",")[:20]):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, name[:2].lower()))
        except ValueError:
            continue
    return next(("de" if name == "de" else "en" for _, _, name in sorted(weighed) if name in ("de", "en")), "en")
