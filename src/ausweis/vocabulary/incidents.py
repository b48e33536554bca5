"""Critical incidents beyond authentication. A new one is a record in `_RECORDS`, and its id in `IncidentId`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ausweis.vocabulary.lists import Texts

__all__ = ["INCIDENTS", "IncidentId", "IncidentRecord", "Side"]

Side = Literal["agent", "caller"]
IncidentId = Literal[
    "wrong_promise",
    "wrong_terms",
    "cancel_threat",
    "lawyer_threat",
    "regulator_threat",
    "press_threat",
    "rude_agent",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    """All that the program knows of an incident.

    `speaker`: whose words it is in. `name`: what it is called on a page. `sentence`: what it is.
    `question`: the description that a model is asked by where none was trained for it.
    `advice`: what should have been done, or should be done now.
    `comes_to_light_later`: a line further down shows it.
    """

    id: IncidentId
    speaker: Side
    name: Texts
    sentence: Texts
    question: str
    advice: Texts
    comes_to_light_later: bool = False

    @property
    def label(self) -> str:
        """As prompts write it."""
        return self.id.replace("_", " ")


_RECORDS = (
    IncidentRecord(
        id="wrong_promise",
        speaker="agent",
        name={"de": "verbindliche Zusage ohne Grundlage", "en": "binding promise without ground"},
        sentence={
            "de": "Der Agent sagt ohne Vorbehalt etwas zu, das nicht feststeht oder nicht in seiner Hand liegt.",
            "en": "The agent commits the company, without reservation, to what is not settled.",
        },
        question="The agent commits the company, without reservation, to something that is not settled or not theirs "
        "to grant.",
        advice={
            "de": "Nur zusagen, was feststeht; sonst sagen, wer entscheidet und bis wann er sich meldet.",
            "en": "Promise only what is settled; else say who decides, and by when the customer hears.",
        },
    ),
    IncidentRecord(
        id="wrong_terms",
        speaker="agent",
        name={"de": "falscher Preis oder falsche Frist", "en": "wrong price or deadline"},
        sentence={
            "de": "Der Agent nennt einen Preis oder eine Frist, die sich im Gespräch als falsch erweist.",
            "en": "The agent names a price or deadline that the call shows to be wrong.",
        },
        question="The agent names another price, fee, period or deadline than before, or admits that the one named "
        "before was wrong.",
        advice={
            "de": "Preis oder Frist nachsehen, bevor sie genannt wird; den Kunden die richtige wissen lassen.",
            "en": "Look the price or deadline up before naming it; let the customer know the right one.",
        },
        comes_to_light_later=True,
    ),
    IncidentRecord(
        id="cancel_threat",
        speaker="caller",
        name={"de": "droht zu kündigen", "en": "threatens to cancel"},
        sentence={
            "de": "Der Anrufer droht zu kündigen oder zu wechseln.",
            "en": "The caller threatens to cancel or to leave.",
        },
        question="The caller says, out of dissatisfaction, that they will cancel or go to a competitor.",
        advice={
            "de": "Den Grund aufnehmen und noch am selben Tag zurückrufen lassen.",
            "en": "Note the reason, and have somebody call back the same day.",
        },
    ),
    IncidentRecord(
        id="lawyer_threat",
        speaker="caller",
        name={"de": "droht mit Anwalt oder Gericht", "en": "threatens with a lawyer or court"},
        sentence={
            "de": "Der Anrufer droht mit Anwalt oder Gericht.",
            "en": "The caller threatens with a lawyer or a court.",
        },
        question="The caller says that they will go to a lawyer or a court.",
        advice={
            "de": "Nichts zusagen und nichts abstreiten; den Fall am selben Tag weitergeben.",
            "en": "Promise nothing and deny nothing; pass the case on the same day.",
        },
    ),
    IncidentRecord(
        id="regulator_threat",
        speaker="caller",
        name={"de": "droht mit Behörde oder Verbraucherschutz", "en": "threatens with a regulator"},
        sentence={
            "de": "Der Anrufer droht mit einer Behörde, Schlichtungsstelle oder dem Verbraucherschutz.",
            "en": "The caller threatens with an authority, ombudsman or consumer body.",
        },
        question="The caller says that they will go to an authority, an ombudsman or a consumer body.",
        advice={
            "de": "Den Beschwerdeweg nennen und den Fall am selben Tag weitergeben.",
            "en": "Name the way to complain, and pass the case on the same day.",
        },
    ),
    IncidentRecord(
        id="press_threat",
        speaker="caller",
        name={"de": "droht mit Presse oder Öffentlichkeit", "en": "threatens with the press or the public"},
        sentence={
            "de": "Der Anrufer droht mit Presse oder Öffentlichkeit.",
            "en": "The caller threatens with the press or the public.",
        },
        question="The caller says that they will go to the press or make it public.",
        advice={
            "de": "Keine Stellung nehmen; den Fall am selben Tag an die Pressestelle geben.",
            "en": "Make no statement; pass the case to the press office the same day.",
        },
    ),
    IncidentRecord(
        id="rude_agent",
        speaker="agent",
        name={"de": "unhöflich gegen den Anrufer", "en": "rude to the caller"},
        sentence={
            "de": "Der Agent beleidigt oder verspottet den Anrufer oder setzt ihn herab.",
            "en": "The agent insults, mocks or belittles the caller.",
        },
        question="The agent insults, mocks or belittles the caller.",
        advice={
            "de": "Sachlich bleiben, und das Gespräch übergeben, wo das nicht mehr geht.",
            "en": "Keep to the matter, and hand the call over where that is not possible any more.",
        },
    ),
)
INCIDENTS: Mapping[IncidentId, IncidentRecord] = {record.id: record for record in _RECORDS}
