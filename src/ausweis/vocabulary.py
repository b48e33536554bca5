"""The words of the domain: factors, categories of actions, violations, incidents, and all closed lists.

`vocabulary.toml` holds one record for each word, with its texts in German and English. A record is looked up by its id,
and a mapping gives the ids in their order. A new word is a table there, and its id in the list here; a policy
describes its own words (`OwnWord`). This module imports nothing of the package, so all of it may import this.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast, get_args

from pydantic import BaseModel, Field

Language = Literal["de", "en"]
Texts = Mapping[Language, str]
"""The same said in each language."""

# Ids of records in vocabulary.toml, in the same order.
# fmt: off
Factor = Literal[
    "name", "date_of_birth", "address", "phone_number", "email", "customer_number", "contract_number",
    "invoice_detail", "meter_number", "card_number", "device_number", "iban_last4", "pin", "password",
    "security_answer", "one_time_code", "callback", "pre_authenticated",
]
Category = Literal[
    "contact_data", "contract_data", "financial_data", "usage_data", "credentials",
    "contact_change", "contract_change", "payment_change", "credential_change", "device_change",
]
ViolationType = Literal[
    "no_authentication", "insufficient_factors", "late_authentication", "factor_leaked", "unauthorised_third_party",
    "action_after_failed_authentication",
]
IncidentId = Literal[
    "wrong_promise", "wrong_terms", "cancel_threat", "lawyer_threat", "regulator_threat", "press_threat", "rude_agent",
]
CheckId = Literal[
    "caller_identified", "factors_sufficient", "authenticated_before_action", "no_factor_leaked",
    "third_party_authorised", "failed_authentication_handled",
]
MaskKind = Literal[
    "PIN", "code", "password", "answer", "IBAN", "date", "number", "amount", "name", "address", "e-mail", "value",
    "rest",
]
"""As what personal data is shown. A `number` or a `value` where no more is known of it; `answer`: to a security
question; `rest`: of an overlong text."""
# fmt: on
ActionKind = Literal["disclosure", "change"]
AuthorisationStatus = Literal["not_needed", "on_file", "holder_present", "missing", "unclear"]
Caller = Literal["account_holder", "third_party", "unclear"]
CheckResult = Literal["pass", "fail", "not_applicable", "unclear"]
FactorStatus = Literal["verified", "leaked", "rejected"]
LooksLike = Literal["digits", "letters", "date", "words"]
Outcome = Literal["compliant", "violation", "not_applicable", "inconclusive"]
OwnKind = Literal["factor", "disclosure", "change"]
Severity = Literal["low", "medium", "high", "critical"]
Side = Literal["agent", "caller"]
Speaker = Literal["agent", "caller", "unknown"]
Strength = Literal["strong", "weak"]
WordId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""The id of a factor or category, known or own."""

_NO_HOT_WORDS: Mapping[Language, tuple[str, ...]] = {"de": (), "en": ()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # each factor is one record
class FactorRecord:
    """All that the program knows of a factor, a known one or one of a policy's own."""

    id: str
    name: Texts
    """What it is called within a sentence."""
    sentence: Texts
    """What it is."""
    looks_like: LooksLike | None = None
    """What is said when it is given, `letters` meaning digits with letters among them; None for what is done, and not
    said: there is an event of the same name that verifies it."""
    strength: Strength = "weak"
    """Strong ones prove; weak ones only identify, since people near the customer know them."""
    mask: MaskKind = "number"
    """As what its value is shown. Of words that are masked as a number only the numbers are masked."""
    read_out: Category | None = "contract_data"
    """Telling its stored value is as grave as disclosing data of this category; None where the policy names
    the level."""
    hot_words: Mapping[Language, tuple[str, ...]] = field(default_factory=lambda: _NO_HOT_WORDS)
    """Words of the trade that an ASR model should know how to write."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRecord:
    """All that the program knows of a category of actions, a known one or one of a policy's own."""

    id: str
    kind: ActionKind
    name: Texts
    """What such an action is called. All German names are feminine, all English ones take "the", but for `own` ones:
    sentences take `noun`."""
    sentence: Texts
    """What the agent does."""
    label: str
    """As prompts write it, behind `tells` or `changes`."""
    by_reading_out: bool = False
    """Reading out a stored factor of this category is such an action too."""
    own: bool = False

    def noun(self, language: Language) -> str:
        """The name as it stands behind an article: in German feminine, in English with "the"."""
        own = {"de": "Handlung „{}“", "en": "action “{}”"}
        return own[language].format(self.name[language]) if self.own else self.name[language]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationRecord:
    """All that the program knows of a type of violation. `severity`: unless a policy says otherwise.

    Which one it is: `judging.decide`.
    """

    id: ViolationType
    name: Texts
    sentence: Texts
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    """All that the program knows of a critical incident beyond authentication. `speaker`: whose words it is in."""

    id: IncidentId
    speaker: Side
    name: Texts
    sentence: Texts
    question: str
    """The description that a model is asked by where none was trained for it."""
    advice: Texts
    """What should have been done, or should be done now."""
    comes_to_light_later: bool = False
    """A line further down shows it."""

    @property
    def label(self) -> str:
        """As prompts write it."""
        return self.id.replace("_", " ")


_DATA = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
R = TypeVar("R", FactorRecord, CategoryRecord, ViolationRecord, IncidentRecord)


def _records(table: str, record: type[R], ids: Any) -> dict[Any, R]:
    """The records of a table. Raises TypeError where a field or an id is unknown or missing: a fault of the program."""
    records: dict[str, R] = {}
    for word, fields in _DATA[table].items():
        if "hot_words" in fields:
            fields["hot_words"] = {language: tuple(words) for language, words in fields["hot_words"].items()}
        records[word] = record(id=word, **fields)
    if tuple(records) != get_args(ids):
        raise TypeError(f"vocabulary.toml: {table} have the ids {tuple(records)}, not {get_args(ids)}")
    return records


FACTORS: Mapping[Factor, FactorRecord] = _records("factors", FactorRecord, Factor)
CATEGORIES: Mapping[Category, CategoryRecord] = _records("categories", CategoryRecord, Category)
VIOLATIONS: Mapping[ViolationType, ViolationRecord] = _records("violations", ViolationRecord, ViolationType)
INCIDENTS: Mapping[IncidentId, IncidentRecord] = _records("incidents", IncidentRecord, IncidentId)
GRAVEST: tuple[ViolationType, ...] = tuple(_DATA["gravest"])
"""The types of violation, the gravest first."""
SEVERITY_NAMES: Mapping[Severity, Texts] = _DATA["severities"]
LEVELS: Mapping[str, Texts] = _DATA["levels"]
"""Levels that the policies that ship share, by the names that they give them."""

NAME: Factor = "name"
"""The factor that is wanted besides all others, and that agents may say as soon as the caller has."""
WITH_DIGITS: frozenset[Factor] = frozenset(factor for factor, record in FACTORS.items() if record.has_digits)
DISCLOSURES: tuple[Category, ...] = tuple(word for word, record in CATEGORIES.items() if record.kind == "disclosure")
CHANGES: tuple[Category, ...] = tuple(word for word, record in CATEGORIES.items() if record.kind == "change")
LANGUAGES: tuple[Language, ...] = get_args(Language)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
CALLERS: tuple[Caller, ...] = get_args(Caller)
CHECKS: tuple[CheckId, ...] = get_args(CheckId)


def hot_words(factors: Iterable[str], language: Language) -> tuple[str, ...]:
    """The hot words of these factors, each once, in the order of the records."""
    wanted = set(factors)
    return tuple(word for record in FACTORS.values() if record.id in wanted for word in record.hot_words[language])


def level_name(level: str, language: Language) -> str:
    """What a level is called; one that a policy named itself stays as it is."""
    return LEVELS[level][language] if level in LEVELS else level


def default_mask(looks_like: LooksLike, strength: Strength) -> MaskKind:
    """As what the value of a factor is shown of which no more is known."""
    if looks_like == "date":
        return "date"
    if looks_like == "words":
        return "password" if strength == "strong" else "value"
    return "code" if strength == "strong" else "number"


def is_word(text: str) -> bool:
    """Whether it may be the id of a factor or category."""
    return re.fullmatch(r"[a-z][a-z0-9_]{0,59}", text) is not None


def is_nothing(value: object) -> bool:
    """What was not looked for has no word in JSON: lines of facts and verdicts, and their hashes, are as before."""
    return value is None or value == ()


class OwnWord(BaseModel, extra="forbid", frozen=True):
    """One own factor or category of a policy, as facts and verdicts carry it.

    `name`: what it is called within a sentence, in the policy's language. `description`: what it is, in one sentence:
    the model is asked by it. The rest is told of factors alone.
    """

    kind: OwnKind
    id: WordId
    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(min_length=1, max_length=300)]
    strength: Annotated[Strength | None, Field(exclude_if=is_nothing)] = None
    looks_like: Annotated[LooksLike | None, Field(exclude_if=is_nothing)] = None
    mask: Annotated[MaskKind | None, Field(exclude_if=is_nothing)] = None

    @property
    def is_factor(self) -> bool:
        """Whether it is a factor; else a category of actions."""
        return self.kind == "factor"

    @property
    def asked(self) -> tuple[str, ...]:
        """The parts that the answer of a reader depends on: a word that differs in one of them is another word.

        Strength counts so little in reading that it may change.
        """
        return self.kind, self.id, self.name, self.description, self.looks_like or ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The records of all factors and categories that a policy knows: the known ones, then its `own`."""

    factors: Mapping[str, FactorRecord]
    categories: Mapping[str, CategoryRecord]
    own: tuple[OwnWord, ...] = ()


KNOWN_WORDS = Vocabulary(cast("Mapping[str, FactorRecord]", FACTORS), cast("Mapping[str, CategoryRecord]", CATEGORIES))
"""The words that every policy knows."""


@lru_cache(maxsize=64)  # facts and verdicts of one policy carry the same words
def with_own(own: tuple[OwnWord, ...]) -> Vocabulary:
    """The known words and these."""
    if not own:
        return KNOWN_WORDS
    factors, categories = dict(KNOWN_WORDS.factors), dict(KNOWN_WORDS.categories)
    for word in own:
        name: Texts = dict.fromkeys(LANGUAGES, word.name)
        sentence: Texts = dict.fromkeys(LANGUAGES, word.description)
        if word.kind == "factor":
            factors[word.id] = FactorRecord(
                id=word.id,
                name=name,
                sentence=sentence,
                looks_like=word.looks_like or "words",
                strength=word.strength or "weak",
                mask=word.mask or "value",
                read_out=None,
            )
        else:
            label = word.id.replace("_", " ")
            categories[word.id] = CategoryRecord(
                id=word.id, kind=word.kind, name=name, sentence=sentence, label=label, own=True
            )
    return Vocabulary(factors, categories, own)


def name_of(word: str, language: Language, words: Vocabulary = KNOWN_WORDS) -> str:
    """The name of a factor, category, violation, incident or severity; an id that nothing is known of, with spaces."""
    for table in (words.factors, words.categories, VIOLATIONS, INCIDENTS):
        if record := cast("Mapping[str, Any]", table).get(word):
            return str(record.name[language])
    texts = cast("Mapping[str, Texts]", SEVERITY_NAMES).get(word)
    return texts[language] if texts else word.replace("_", " ")
