"""The known factors: what identifies a caller. A new one is a record in `_RECORDS`, and its id in `factor.Factor`."""

from collections.abc import Iterable, Mapping
from typing import cast, get_args

from ausweis.vocabulary.factor import Factor, FactorRecord
from ausweis.vocabulary.lists import Language

__all__ = ["FACTORS", "NAME", "WITH_DIGITS", "hot_words"]

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
FACTORS = cast("Mapping[Factor, FactorRecord]", {record.id: record for record in _RECORDS})
if tuple(FACTORS) != get_args(Factor):  # pragma: no cover - a fault of the program
    raise TypeError("every known factor has a record, in the order of the ids")
NAME: Factor = "name"
"""The one that is wanted besides all others, and that agents may say as soon as the caller has."""
WITH_DIGITS: frozenset[Factor] = frozenset(factor for factor, record in FACTORS.items() if record.has_digits)


def hot_words(factors: Iterable[str], language: Language) -> tuple[str, ...]:
    """The hot words of these factors, each once, in the order of the records."""
    wanted = set(factors)
    return tuple(word for record in _RECORDS if record.id in wanted for word in record.hot_words[language])
