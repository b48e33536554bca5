"""The words of the domain in German and English, as reasons and explanations use them."""

from collections.abc import Iterable, Sequence

from ausweis.judging.policy import Language
from ausweis.judging.rules import factors_in
from ausweis.vocabulary import Category, Factor, ViolationType

__all__ = ["ACTIONS", "AND", "FACTORS", "OR", "VIOLATIONS", "listed", "sets_in_words"]

FACTORS: dict[Language, dict[Factor, str]] = {
    "de": {
        "name": "Name",
        "date_of_birth": "Geburtsdatum",
        "address": "Adresse",
        "phone_number": "Telefonnummer",
        "email": "E-Mail-Adresse",
        "customer_number": "Kundennummer",
        "contract_number": "Vertragsnummer",
        "invoice_detail": "Rechnungsangabe",
        "meter_number": "Zählernummer",
        "card_number": "Karten- oder Kontonummer",
        "device_number": "Gerätenummer",
        "iban_last4": "letzte vier Stellen der IBAN",
        "pin": "PIN",
        "password": "Kennwort",
        "security_answer": "Sicherheitsantwort",
        "one_time_code": "Einmalcode",
        "callback": "Rückruf unter der hinterlegten Nummer",
        "pre_authenticated": "Authentifizierung vor dem Gespräch",
    },
    "en": {
        "name": "name",
        "date_of_birth": "date of birth",
        "address": "address",
        "phone_number": "phone number",
        "email": "e-mail address",
        "customer_number": "customer number",
        "contract_number": "contract number",
        "invoice_detail": "invoice detail",
        "meter_number": "meter number",
        "card_number": "card or account number",
        "device_number": "device number",
        "iban_last4": "last four digits of the IBAN",
        "pin": "PIN",
        "password": "password",
        "security_answer": "security answer",
        "one_time_code": "one-time code",
        "callback": "call back to the number on file",
        "pre_authenticated": "authentication before the call",
    },
}

ACTIONS: dict[Language, dict[Category, str]] = {
    "de": {
        "contact_data": "Auskunft über Kontaktdaten",
        "contract_data": "Auskunft über Vertragsdaten",
        "financial_data": "Auskunft über Beträge und Salden",
        "usage_data": "Auskunft über Nutzungsdaten",
        "credentials": "Auskunft über Zugangsdaten",
        "contact_change": "Änderung von Kontaktdaten",
        "contract_change": "Änderung am Vertrag",
        "payment_change": "Änderung der Zahlungsdaten",
        "credential_change": "Änderung von Zugangsdaten",
        "device_change": "Änderung an Karte oder Gerät",
    },
    "en": {
        "contact_data": "disclosure of contact data",
        "contract_data": "disclosure of contract data",
        "financial_data": "disclosure of amounts and balances",
        "usage_data": "disclosure of usage data",
        "credentials": "disclosure of credentials",
        "contact_change": "change of contact data",
        "contract_change": "change of the contract",
        "payment_change": "change of payment data",
        "credential_change": "change of credentials",
        "device_change": "change of a card or device",
    },
}
"""All German ones are feminine, all English ones take "the": the sentences count on it."""

VIOLATIONS: dict[Language, dict[ViolationType, str]] = {
    "de": {
        "no_authentication": "keine Authentifizierung",
        "insufficient_factors": "zu wenige Merkmale",
        "late_authentication": "zu späte Authentifizierung",
        "factor_leaked": "vorgesagtes Merkmal",
        "unauthorised_third_party": "unberechtigte dritte Person",
        "action_after_failed_authentication": "Handlung nach gescheiterter Authentifizierung",
    },
    "en": {
        "no_authentication": "no authentication",
        "insufficient_factors": "too few factors",
        "late_authentication": "authentication too late",
        "factor_leaked": "leaked factor",
        "unauthorised_third_party": "unauthorised third party",
        "action_after_failed_authentication": "action after failed authentication",
    },
}

AND: dict[Language, str] = {"de": "und", "en": "and"}
OR: dict[Language, str] = {"de": "oder", "en": "or"}


def listed(words: Sequence[str], joint: str) -> str:
    """`a, b or c`."""
    return f" {joint} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def sets_in_words(sets: Iterable[int], language: Language) -> str:
    """Sets of factors, any one of which is enough: `PIN or date of birth + customer number`."""
    names = FACTORS[language]
    whole = [" + ".join(names[factor] for factor in factors_in(one)) for one in sets]
    return listed(whole, OR[language])
