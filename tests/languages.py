"""Calls with a reason of every sort, by a German and by an English policy; our sentences of a language in a text."""

import re
from collections.abc import Iterator
from datetime import date
from html import unescape

from tests.serve.filled import Judged, call_of, judged

from ausweis.facts import Event, Facts, Unsure
from ausweis.judging.sentences import SENTENCES
from ausweis.vocabulary import INCIDENTS, Language

DAY = date(2026, 3, 2)
_QUOTE = {"turn": 2, "quote": "Nein."}
_UNHEARD = tuple(Unsure(turn=turn, quote=said, probability=0.2) for turn, said in ((2, "Nein."), (3, "Ja.")))
_STORIES = {
    "nothing": "2 discloses usage_data",
    "little": "1 gives customer_number, 2 changes device_change",
    "late": "2 discloses usage_data, 3 gives pin",
    "leaked": "2 reads_out address",
    "third": "1 speaks_for_other, 1 gives pin, 2 discloses contract_data",
    "rejected": "1 gives pin, 2 rejects, 4 changes contact_change",
    "unsure": "1 gives name, 2 discloses usage_data ~0.6",
    "refused": "1 gives name, 2 refuses",
}


def calls() -> Iterator[Judged]:
    """One call for each story and policy; each has an incident, and is to review."""
    for policy in ("telecom-de", "bank-en"):
        for name, story in _STORIES.items():
            call = call_of(f"{name} {policy}", ["Ja.", "Nein.", "Ja.", "Nein.", "Ja.", "Nein."])
            events = tuple(_event(*line.split()) for line in story.split(", "))
            facts = Facts(call_id=call.id, turns=6, events=events, unsure=_UNHEARD, notes=("quote_not_in_turn",))
            incident = {"id": "cancel_threat", "turn": 2, "severity": "high", "evidence": [_QUOTE]}
            yield judged(call, facts, policy, incidents=(incident,))


def _event(turn: str, kind: str, subject: str | None = None, probability: str = "~1") -> Event:
    said = {"turn": turn, "kind": kind, "subject": subject, "probability": probability[1:]}
    return Event.model_validate({**said, "quote": "Nein." if int(turn) % 2 == 0 else "Ja."})


def sentences_in(text: str, language: Language) -> list[str]:
    """The parts of our sentences in this language that stand in the text, be it HTML."""
    plain = " ".join(unescape(text).split())
    sentences = [*SENTENCES[language].values(), *(record.sentence[language] for record in INCIDENTS.values())]
    parts = [max(re.split(r"\{[^}]*\}", sentence), key=len).strip() for sentence in sentences]
    return [part for part in parts if len(part) > 12 and part in plain]
