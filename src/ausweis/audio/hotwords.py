"""Words of the trade that a recogniser should know how to write: what the factors of a policy are called."""

from collections.abc import Iterable
from typing import Literal

from ausweis.vocabulary import Factor

__all__ = ["words_for"]

WORDS: dict[Literal["de", "en"], dict[Factor, tuple[str, ...]]] = {
    "de": {
        "date_of_birth": ("Geburtsdatum",),
        "customer_number": ("Kundennummer",),
        "contract_number": ("Vertragsnummer",),
        "invoice_detail": ("Rechnungsnummer",),
        "meter_number": ("Zählernummer",),
        "card_number": ("Kontonummer",),
        "device_number": ("IMEI",),
        "iban_last4": ("IBAN",),
        "pin": ("PIN",),
        "password": ("Kundenkennwort",),
        "security_answer": ("Sicherheitsfrage",),
        "one_time_code": ("TAN", "SMS-Code"),
    },
    "en": {
        "date_of_birth": ("date of birth",),
        "customer_number": ("customer number",),
        "contract_number": ("contract number",),
        "invoice_detail": ("invoice number",),
        "meter_number": ("meter number",),
        "card_number": ("account number",),
        "device_number": ("IMEI",),
        "iban_last4": ("IBAN",),
        "pin": ("PIN",),
        "password": ("passphrase",),
        "security_answer": ("security question",),
        "one_time_code": ("passcode",),
    },
}


def words_for(factors: Iterable[str], language: Literal["de", "en"]) -> tuple[str, ...]:
    """What these factors are called, each word once, in the order of the table."""
    wanted = set(factors)
    return tuple(word for factor, words in WORDS[language].items() if factor in wanted for word in words)
