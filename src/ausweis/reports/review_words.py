"""The words of the daily review in German and English."""

from collections.abc import Mapping
from datetime import date

from ausweis.vocabulary import Language, Outcome, Severity

__all__ = [
    "OUTCOMES",
    "SEVERITIES",
    "STATES",
    "TEXTS",
    "day_in_words",
    "number",
    "share",
]

SEVERITIES: Mapping[Language, Mapping[Severity, str]] = {
    "de": {"critical": "kritisch", "high": "schwer", "medium": "mittel", "low": "leicht"},
    "en": {"critical": "critical", "high": "high", "medium": "medium", "low": "low"},
}
OUTCOMES: Mapping[Language, Mapping[Outcome, str]] = {
    "de": {
        "violation": "Verstoß",
        "compliant": "regelkonform",
        "not_applicable": "nicht betroffen",
        "inconclusive": "nicht entscheidbar",
    },
    "en": {
        "violation": "violation",
        "compliant": "compliant",
        "not_applicable": "not applicable",
        "inconclusive": "inconclusive",
    },
}
STATES: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "open": "offen",
        "confirmed": "bestätigt",
        "overruled": "verworfen",
        "not_sure": "unsicher",
        "disputed": "strittig",
    },
    "en": {
        "open": "open",
        "confirmed": "confirmed",
        "overruled": "overruled",
        "not_sure": "not sure",
        "disputed": "disputed",
    },
}
TEXTS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "kind": "Ausweis, Tagesbericht",
        "kind_days": "Ausweis, Bericht über {days} Tage",
        "calls": "Anrufe",
        "violations": "mit Verstoß",
        "incidents": "mit Vorfall",
        "needs_review": "zu prüfen",
        "inconclusive": "nicht entscheidbar",
        "usual": "sonst {usual}",
        "usual_none": "kein Vergleich",
        "of_calls": "von {calls}",
        "compared": "Sonst: die Tage vom {first} bis {last}, an denen es Anrufe gab ({days}).",
        "compared_none": "In den {before} Tagen davor gab es keine Anrufe: kein Vergleich.",
        "compared_few": "In den {before} Tagen davor gab es keine Anrufe oder zu wenige des Teams: kein Vergleich.",
        "compared_incidents": "Vorfälle: nur die Tage, seit denen nach denselben gesucht wird.",
        "changed": "Was sich geändert hat",
        "unchanged": "Nichts, was über den Zufall hinausgeht.",
        "more": "mehr",
        "fewer": "weniger",
        "change": "{where}{what}: {now} ({count} von {calls}), sonst {usual}",
        "queue": "Warteschlange",
        "team": "Team",
        "by_severity": "Was vorkam, nach Schwere",
        "what": "Verstoß oder Vorfall",
        "sum": "Anrufe",
        "nothing": "Kein Verstoß und kein Vorfall.",
        "severity_note": "Ein Anruf zählt je Zeile einmal, mit der größten Schwere.",
        "worst": "Die schwersten zuerst",
        "worst_note": "{flagged} Anrufe sind markiert: Verstoß, Vorfall oder unsicheres Urteil. "
        "Geordnet nach Schwere, dann nach Risiko.",
        "worst_limit": "Die ersten {limit} stehen ganz hier, der Rest in der Tabelle am Ende.",
        "no_flagged": "Kein Anruf ist markiert.",
        "no_calls": "Für diesen Zeitraum kennt der Bestand keine Anrufe.",
        "no_calls_here": "Für diesen Zeitraum kennt der Bestand keine Anrufe dieser Auswahl.",
        "known_days": "Er kennt Anrufe vom {first} bis {last}.",
        "known_days_here": "Er kennt solche vom {first} bis {last}.",
        "turn": "Turn {turn}",
        "at": "bei {time}",
        "listen": "Hören ab {time}",
        "unheard": "Aufnahmen sind nicht verlinkt: Namen von Dateien nennen oft Nummern oder Personen. "
        "Mit --serve URL führen Links an die Stelle in der Prüfung, mit --unmasked in die Datei.",
        "open_call": "In der Prüfung öffnen",
        "link": "Link zu diesem Anruf",
        "missing": "Was fehlte",
        "should": "Richtig wäre gewesen",
        "why_review": "Warum zu prüfen",
        "confidence": "Sicherheit {value}",
        "risk": "Risiko {value}",
        "decided": "Entscheidung",
        "agent": "Agent",
        "agent_turn": "Agent",
        "caller_turn": "Anrufer",
        "unknown_turn": "unbekannt",
        "said": "Was gesagt wurde",
        "no_text": "Der Text dieses Anrufs ist nicht im Bestand; gezeigt sind die Zitate des Urteils.",
        "left_out": "{count} Turns ausgelassen",
        "left_out_1": "1 Turn ausgelassen",
        "rest": "Weitere markierte Anrufe",
        "time": "Zeit",
        "call": "Anruf",
        "where": "Warteschlange, Team",
        "finding": "Befund",
        "severity": "Schwere",
        "trends": "Verlauf",
        "trend_all": "Anrufe mit Verstoß je Tag",
        "trend_queue": "nach Warteschlange",
        "trend_team": "nach Team",
        "trend_note": "Anteil der Anrufe mit Verstoß je Tag, alle mit derselben Skala bis {top}. "
        "Punkt: letzter Tag. Teams mit weniger als {minimum} Anrufen an einem Tag sind nicht einzeln gezeigt, "
        "und das nächstgrößere nicht, wo sie sich sonst ausrechnen ließen.",
        "no_name": "ohne Angabe",
        "others": "andere",
        "sources": "Woher die Urteile kommen",
        "policy": "Policy",
        "model": "Modell",
        "prompts": "Fragen",
        "runs": "Läufe",
        "masked": "Personenbezogene Angaben in Zitaten sind durch ihre Art ersetzt: ‹PIN›, ‹Datum›, ‹Name›. "
        "Nicht jede wird erkannt: nur weitergeben, wem Anrufe gezeigt werden dürfen.",
        "unmasked": "Diese Seite zeigt Anrufe unmaskiert. Nur aufbewahren, wo auch Aufnahmen aufbewahrt werden dürfen.",
        "human": "Das Programm markiert; was gilt, entscheidet ein Mensch.",
        "sections": "Teile der Seite",
        "yes": "ja",
        "no": "nein",
    },
    "en": {
        "kind": "Ausweis, daily review",
        "kind_days": "Ausweis, review of {days} days",
        "calls": "calls",
        "violations": "with a violation",
        "incidents": "with an incident",
        "needs_review": "to be checked",
        "inconclusive": "inconclusive",
        "usual": "usually {usual}",
        "usual_none": "nothing to compare",
        "of_calls": "of {calls}",
        "compared": "Usually: the days from {first} to {last} on which there were calls ({days}).",
        "compared_none": "There were no calls in the {before} days before: nothing to compare.",
        "compared_few": "There were no calls in the {before} days before, or too few of the team: nothing to compare.",
        "compared_incidents": "Incidents: only the days since which the same ones have been looked for.",
        "changed": "What changed",
        "unchanged": "Nothing beyond chance.",
        "more": "more",
        "fewer": "fewer",
        "change": "{where}{what}: {now} ({count} of {calls}), usually {usual}",
        "queue": "Queue",
        "team": "Team",
        "by_severity": "What happened, by severity",
        "what": "Violation or incident",
        "sum": "Calls",
        "nothing": "No violation and no incident.",
        "severity_note": "A call counts once in a row, at its worst severity.",
        "worst": "The worst first",
        "worst_note": "{flagged} calls are flagged: a violation, an incident or an unsure verdict. "
        "Ordered by severity, then by risk.",
        "worst_limit": "The first {limit} are here in full, the rest in the table at the end.",
        "no_flagged": "No call is flagged.",
        "no_calls": "The store knows no calls of this time.",
        "no_calls_here": "The store knows no calls of this time among those that were asked for.",
        "known_days": "It knows calls from {first} to {last}.",
        "known_days_here": "It knows some of these from {first} to {last}.",
        "turn": "Turn {turn}",
        "at": "at {time}",
        "listen": "Listen from {time}",
        "unheard": "Recordings are not linked: names of files often hold numbers or persons. "
        "With --serve URL, links lead to the moment in the review; with --unmasked, into the file.",
        "open_call": "Open in the review",
        "link": "Link to this call",
        "missing": "What was missing",
        "should": "What should have been done",
        "why_review": "Why to check",
        "confidence": "Confidence {value}",
        "risk": "Risk {value}",
        "decided": "Decision",
        "agent": "Agent",
        "agent_turn": "agent",
        "caller_turn": "caller",
        "unknown_turn": "unknown",
        "said": "What was said",
        "no_text": "The text of this call is not in the store; shown are the quotes of the verdict.",
        "left_out": "{count} turns left out",
        "left_out_1": "1 turn left out",
        "rest": "More calls to review",
        "time": "Time",
        "call": "Call",
        "where": "Queue, team",
        "finding": "Finding",
        "severity": "Severity",
        "trends": "Trends",
        "trend_all": "Calls with a violation by day",
        "trend_queue": "by queue",
        "trend_team": "by team",
        "trend_note": "Share of calls with a violation by day, all on one scale up to {top}. "
        "Dot: the last day. Teams with fewer than {minimum} calls on a day are not shown apart, "
        "nor is the next larger one where they could be worked out.",
        "no_name": "not named",
        "others": "others",
        "sources": "Where the verdicts come from",
        "policy": "Policy",
        "model": "Model",
        "prompts": "Prompts",
        "runs": "Runs",
        "masked": "Personal data in quotes is replaced by its kind: ‹PIN›, ‹date›, ‹name›. "
        "Not all of it is found: give this only to people who may see calls.",
        "unmasked": "This page shows calls unmasked. Keep it only where recordings may be kept.",
        "human": "The program flags; a person decides what holds.",
        "sections": "Parts of the page",
        "yes": "yes",
        "no": "no",
    },
}
_DAYS: Mapping[Language, tuple[str, ...]] = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "de": tuple("Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()),
    "en": tuple("January February March April May June July August September October November December".split()),
}


def day_in_words(day: date, language: Language, *, weekday: bool = True) -> str:
    """`Montag, 2. März 2026`, `Monday, 2 March 2026`; without the weekday, `2. März`, `2 March`."""
    point = "." if language == "de" else ""
    short = f"{day.day}{point} {_MONTHS[language][day.month - 1]}"
    return f"{_DAYS[language][day.weekday()]}, {short} {day.year}" if weekday else short


def number(value: float, language: Language, digits: int = 0) -> str:
    """`1.234,5` or `1,234.5`."""
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def share(value: float, language: Language) -> str:
    """A share as per cent: `1,9 %`, with a space that does not break, or `1.9%`; from 10 on without decimals."""
    digits = 1 if value < 0.0995 and round(value * 1000) % 10 else 0
    return number(value * 100, language, digits) + ("\u00a0%" if language == "de" else "%")
