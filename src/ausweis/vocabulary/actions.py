"""Categories of protected actions. A new known one is a record in `_RECORDS`, and its id in `Category`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from ausweis.vocabulary.lists import Language, Texts

__all__ = ["CATEGORIES", "CHANGES", "DISCLOSURES", "ActionKind", "Category", "CategoryRecord"]

ActionKind = Literal["disclosure", "change"]
Category = Literal[
    "contact_data",
    "contract_data",
    "financial_data",
    "usage_data",
    "credentials",
    "contact_change",
    "contract_change",
    "payment_change",
    "credential_change",
    "device_change",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRecord:
    """All that the program knows of a category, a known one or one of a policy's own.

    `name`: what such an action is called. All German names are feminine, all English ones take "the", but for `own`
    ones: sentences take `noun`. `sentence`: what the agent does.
    `label`: as prompts write it, behind `tells` or `changes`.
    `by_reading_out`: reading out a stored factor of this category is such an action too.
    """

    id: str
    kind: ActionKind
    name: Texts
    sentence: Texts
    label: str
    by_reading_out: bool = False
    own: bool = False

    def noun(self, language: Language) -> str:
        """The name as it stands behind an article: in German feminine, in English with "the"."""
        return _OWN[language].format(self.name[language]) if self.own else self.name[language]


_OWN: Texts = {"de": "Handlung „{}“", "en": "action “{}”"}


_RECORDS = (
    CategoryRecord(
        id="contact_data",
        kind="disclosure",
        name={"de": "Auskunft über Kontaktdaten", "en": "disclosure of contact data"},
        sentence={
            "de": "Der Agent nennt Adresse, Telefonnummer oder E-Mail-Adresse.",
            "en": "The agent tells address, phone number or e-mail address.",
        },
        label="contact data",
        by_reading_out=True,
    ),
    CategoryRecord(
        id="contract_data",
        kind="disclosure",
        name={"de": "Auskunft über Vertragsdaten", "en": "disclosure of contract data"},
        sentence={
            "de": "Der Agent nennt, was zum Vertrag gespeichert ist: Tarif, Laufzeit, Stand einer Bestellung.",
            "en": "The agent tells what is on file for the contract: tariff, term, state of an order.",
        },
        label="contract data",
    ),
    CategoryRecord(
        id="financial_data",
        kind="disclosure",
        name={"de": "Auskunft über Beträge und Salden", "en": "disclosure of amounts and balances"},
        sentence={
            "de": "Der Agent nennt Beträge, Salden oder Bankdaten.",
            "en": "The agent tells amounts, balances or bank details.",
        },
        label="financial data",
    ),
    CategoryRecord(
        id="usage_data",
        kind="disclosure",
        name={"de": "Auskunft über Nutzungsdaten", "en": "disclosure of usage data"},
        sentence={
            "de": "Der Agent nennt einzelne Umsätze oder Verbindungen oder den Verbrauch.",
            "en": "The agent tells single transactions or calls, or what was used.",
        },
        label="usage data",
    ),
    CategoryRecord(
        id="credentials",
        kind="disclosure",
        name={"de": "Auskunft über Zugangsdaten", "en": "disclosure of credentials"},
        sentence={
            "de": "Der Agent nennt Kennwörter, PINs, Codes oder Benutzernamen.",
            "en": "The agent tells passwords, PINs, codes or user names.",
        },
        label="credentials",
    ),
    CategoryRecord(
        id="contact_change",
        kind="change",
        name={"de": "Änderung von Kontaktdaten", "en": "change of contact data"},
        sentence={
            "de": "Der Agent ändert Adresse, Telefonnummer oder E-Mail-Adresse.",
            "en": "The agent changes address, phone number or e-mail address.",
        },
        label="contact",
    ),
    CategoryRecord(
        id="contract_change",
        kind="change",
        name={"de": "Änderung am Vertrag", "en": "change of the contract"},
        sentence={
            "de": "Der Agent ändert den Vertrag: Tarif, Kündigung, Raten, Sperre einer Karte.",
            "en": "The agent changes the contract: tariff, cancellation, instalments, blocking a card.",
        },
        label="contract",
    ),
    CategoryRecord(
        id="payment_change",
        kind="change",
        name={"de": "Änderung der Zahlungsdaten", "en": "change of payment data"},
        sentence={
            "de": "Der Agent ändert, wie oder von welchem Konto bezahlt wird.",
            "en": "The agent changes how, or from which account, is paid.",
        },
        label="payment",
    ),
    CategoryRecord(
        id="credential_change",
        kind="change",
        name={"de": "Änderung von Zugangsdaten", "en": "change of credentials"},
        sentence={
            "de": "Der Agent ändert Kennwort, PIN oder einen anderen Zugang.",
            "en": "The agent changes password, PIN or another way of access.",
        },
        label="credentials",
    ),
    CategoryRecord(
        id="device_change",
        kind="change",
        name={"de": "Änderung an Karte oder Gerät", "en": "change of a card or device"},
        sentence={
            "de": "Der Agent bestellt oder ersetzt eine Karte, eine SIM oder ein Gerät.",
            "en": "The agent orders or replaces a card, a SIM or a device.",
        },
        label="device",
    ),
)
CATEGORIES = cast("Mapping[Category, CategoryRecord]", {record.id: record for record in _RECORDS})
if tuple(CATEGORIES) != get_args(Category):  # pragma: no cover - a fault of the program
    raise TypeError("every known category has a record, in the order of the ids")
DISCLOSURES: tuple[Category, ...] = tuple(word for word, record in CATEGORIES.items() if record.kind == "disclosure")
CHANGES: tuple[Category, ...] = tuple(word for word, record in CATEGORIES.items() if record.kind == "change")
