"""What a factor is: the ids of the known ones, and what is to be said of each. The records are in `factors`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ausweis.vocabulary.actions import Category
from ausweis.vocabulary.lists import Language, Texts

__all__ = ["Factor", "FactorRecord", "LooksLike", "MaskKind", "Strength", "default_mask"]

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


def default_mask(looks_like: LooksLike, strength: Strength) -> MaskKind:
    """As what the value of a factor is shown of which no more is known."""
    if looks_like == "date":
        return "date"
    if looks_like == "words":
        return "password" if strength == "strong" else "value"
    return "code" if strength == "strong" else "number"
