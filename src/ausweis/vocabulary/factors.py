"""Factors: what identifies a caller. A new known one is a record in `_RECORDS`, and its id in `Factor`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from ausweis.vocabulary.actions import Category
from ausweis.vocabulary.lists import Language, Texts

__all__ = [
    "FACTORS",
    "NAME",
    "WITH_DIGITS",
    "Factor",
    "FactorRecord",
    "LooksLike",
    "MaskKind",
    "Strength",
    "default_mask",
    "hot_words",
]

Factor = Literal[
    "name",
    "date_of_birth",
    "address",
    "phone_number",
    "email",
    "customer_number",
    "contract_number",
    "invoice_detail",
    "meter_number",
    "card_number",
    "device_number",
    "iban_last4",
    "pin",
    "password",
    "security_answer",
    "one_time_code",
    "callback",
    "pre_authenticated",
]
Strength = Literal["strong", "weak"]
LooksLike = Literal["digits", "letters", "date", "words"]
MaskKind = Literal[
    "PIN",
    "code",
    "password",
    "answer",
    "IBAN",
    "date",
    "number",
    "amount",
    "name",
    "address",
    "e-mail",
    "value",
    "rest",
]
"""As what personal data is shown. A `number` or a `value` where no more is known of it; `answer`: to a security
question; `rest`: of an overlong text."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # each factor is one record
class FactorRecord:
    """All that the program knows of a factor, a known one or one of a policy's own.

    `name`: what it is called within a sentence. `sentence`: what it is.
    `looks_like`: what is said when it is given, `letters` meaning digits with letters among them; None for what is
    done, and not said: there is an event of the same name that verifies it.
    `strength`: strong ones prove; weak ones only identify, since people near the customer know them.
    `mask`: as what its value is shown. Of words that are masked as a number only the numbers are masked.
    `read_out`: telling its stored value is as grave as disclosing data of this category; None where the policy itself
    names the level.
    `hot_words`: words of the trade that an ASR model should know how to write.
    """

    id: str
    name: Texts
    sentence: Texts
    looks_like: LooksLike | None
    strength: Strength = "weak"
    mask: MaskKind = "number"
    read_out: Category | None = "contract_data"
    hot_words: Mapping[Language, tuple[str, ...]] = field(default_factory=lambda: {"de": (), "en": ()})

    @property
    def label(self) -> str:
        """As prompts write it."""
        return self.id.replace("_", " ")

    @property
    def has_digits(self) -> bool:
        """Whether its value cannot be told without digits, written or spoken."""
        return self.looks_like in ("digits", "letters", "date")

    @property
    def has_numbers(self) -> bool:
        """Whether each number that is said with it may belong to its value."""
        return self.looks_like is not None and self.mask not in ("name", "e-mail")

    @property
    def has_words(self) -> bool:
        """Whether words that not everybody uses belong to its value."""
        return self.looks_like == "letters" or (self.looks_like == "words" and self.mask != "number")

    @property
    def is_secret_word(self) -> bool:
        """Whether it is a word that proves, and no number."""
        return self.looks_like == "words" and self.strength == "strong"


_RECORDS = (
    FactorRecord(
        id="name",
        name={"de": "Name", "en": "name"},
        sentence={"de": "Vor- oder Nachname des Kunden.", "en": "First name or surname of the customer."},
        looks_like="words",
        mask="name",
    ),
    FactorRecord(
        id="date_of_birth",
        name={"de": "Geburtsdatum", "en": "date of birth"},
        sentence={"de": "Tag, Monat und Jahr der Geburt.", "en": "Day, month and year of birth."},
        looks_like="date",
        mask="date",
        hot_words={"de": ("Geburtsdatum",), "en": ("date of birth",)},
    ),
    FactorRecord(
        id="address",
        name={"de": "Adresse", "en": "address"},
        sentence={
            "de": "Straße, Hausnummer, Postleitzahl oder Ort, die zum Konto hinterlegt sind.",
            "en": "Street, house number, postcode or town on file for the account.",
        },
        looks_like="words",
        mask="address",
        read_out="contact_data",
    ),
    FactorRecord(
        id="phone_number",
        name={"de": "Telefonnummer", "en": "phone number"},
        sentence={"de": "Die hinterlegte Telefonnummer.", "en": "The phone number on file."},
        looks_like="digits",
        read_out="contact_data",
    ),
    FactorRecord(
        id="email",
        name={"de": "E-Mail-Adresse", "en": "e-mail address"},
        sentence={"de": "Die hinterlegte E-Mail-Adresse.", "en": "The e-mail address on file."},
        looks_like="words",
        mask="e-mail",
        read_out="contact_data",
    ),
    FactorRecord(
        id="customer_number",
        name={"de": "Kundennummer", "en": "customer number"},
        sentence={
            "de": "Die Nummer, unter der das Unternehmen den Kunden führt.",
            "en": "The number that the company keeps the customer under.",
        },
        looks_like="digits",
        hot_words={"de": ("Kundennummer",), "en": ("customer number",)},
    ),
    FactorRecord(
        id="contract_number",
        name={"de": "Vertragsnummer", "en": "contract number"},
        sentence={"de": "Die Nummer eines Vertrags.", "en": "The number of a contract."},
        looks_like="digits",
        hot_words={"de": ("Vertragsnummer",), "en": ("contract number",)},
    ),
    FactorRecord(
        id="invoice_detail",
        name={"de": "Rechnungsangabe", "en": "invoice detail"},
        sentence={
            "de": "Nummer, Betrag oder Tag einer Rechnung.",
            "en": "Number, amount or day of an invoice.",
        },
        looks_like="words",
        hot_words={"de": ("Rechnungsnummer",), "en": ("invoice number",)},
    ),
    FactorRecord(
        id="meter_number",
        name={"de": "Zählernummer", "en": "meter number"},
        sentence={
            "de": "Die Nummer auf dem Zähler; der Zählerstand ist keine.",
            "en": "The number on the meter; a reading is none.",
        },
        looks_like="digits",
        hot_words={"de": ("Zählernummer",), "en": ("meter number",)},
    ),
    FactorRecord(
        id="card_number",
        name={"de": "Karten- oder Kontonummer", "en": "card or account number"},
        sentence={
            "de": "Die Nummer einer Karte oder eines Bankkontos.",
            "en": "The number of a card or of a bank account.",
        },
        looks_like="digits",
        hot_words={"de": ("Kontonummer",), "en": ("account number",)},
    ),
    FactorRecord(
        id="device_number",
        name={"de": "Gerätenummer", "en": "device number"},
        sentence={
            "de": "Die Nummer eines Geräts oder einer SIM-Karte.",
            "en": "The number of a device or of a SIM card.",
        },
        looks_like="letters",
        hot_words={"de": ("IMEI",), "en": ("IMEI",)},
    ),
    FactorRecord(
        id="iban_last4",
        name={"de": "letzte vier Stellen der IBAN", "en": "last four digits of the IBAN"},
        sentence={
            "de": "Die letzten Stellen der hinterlegten IBAN.",
            "en": "The last digits of the IBAN on file.",
        },
        looks_like="digits",
        mask="IBAN",
        hot_words={"de": ("IBAN",), "en": ("IBAN",)},
    ),
    FactorRecord(
        id="pin",
        name={"de": "PIN", "en": "PIN"},
        sentence={
            "de": "Eine geheime Zahl, die nur der Kunde kennt.",
            "en": "A secret number that the customer alone knows.",
        },
        looks_like="digits",
        strength="strong",
        mask="PIN",
        read_out="credentials",
        hot_words={"de": ("PIN",), "en": ("PIN",)},
    ),
    FactorRecord(
        id="password",
        name={"de": "Kennwort", "en": "password"},
        sentence={
            "de": "Ein geheimes Wort, das für Anrufe vereinbart ist.",
            "en": "A secret word that was agreed on for calls.",
        },
        looks_like="words",
        strength="strong",
        mask="password",
        read_out="credentials",
        hot_words={"de": ("Kundenkennwort",), "en": ("passphrase",)},
    ),
    FactorRecord(
        id="security_answer",
        name={"de": "Sicherheitsantwort", "en": "security answer"},
        sentence={
            "de": "Die Antwort auf eine hinterlegte Sicherheitsfrage.",
            "en": "The answer to a security question on file.",
        },
        looks_like="words",
        strength="strong",
        mask="answer",
        read_out="credentials",
        hot_words={"de": ("Sicherheitsfrage",), "en": ("security question",)},
    ),
    FactorRecord(
        id="one_time_code",
        name={"de": "Einmalcode", "en": "one-time code"},
        sentence={
            "de": "Ein Code, der gerade per SMS, E-Mail oder App gekommen ist.",
            "en": "A code that has just come by text message, e-mail or app.",
        },
        looks_like="digits",
        strength="strong",
        mask="code",
        read_out="credentials",
        hot_words={"de": ("TAN", "SMS-Code"), "en": ("passcode",)},
    ),
    FactorRecord(
        id="callback",
        name={"de": "Rückruf unter der hinterlegten Nummer", "en": "call back to the number on file"},
        sentence={
            "de": "Der Agent ruft unter der hinterlegten Nummer an.",
            "en": "The agent calls the number on file.",
        },
        looks_like=None,
        strength="strong",
    ),
    FactorRecord(
        id="pre_authenticated",
        name={"de": "Authentifizierung vor dem Gespräch", "en": "authentication before the call"},
        sentence={
            "de": "Das Telefonmenü oder ein Kollege hat den Anrufer authentifiziert, und der Agent sagt es.",
            "en": "The phone menu or a colleague authenticated the caller, and the agent says so.",
        },
        looks_like=None,
        strength="strong",
    ),
)
FACTORS: Mapping[Factor, FactorRecord] = dict(zip(get_args(Factor), _RECORDS, strict=True))
NAME: Factor = "name"
"""The one that is wanted besides all others, and that agents may say as soon as the caller has."""
WITH_DIGITS: frozenset[Factor] = frozenset(factor for factor, record in FACTORS.items() if record.has_digits)


def default_mask(looks_like: LooksLike, strength: Strength) -> MaskKind:
    """As what the value of a factor is shown of which no more is known."""
    if looks_like == "date":
        return "date"
    if looks_like == "words":
        return "password" if strength == "strong" else "value"
    return "code" if strength == "strong" else "number"


def hot_words(factors: Iterable[str], language: Language) -> tuple[str, ...]:
    """The hot words of these factors, each once, in the order of the records."""
    wanted = set(factors)
    return tuple(word for record in _RECORDS if record.id in wanted for word in record.hot_words[language])
