"""The policy: which factors meet which level, which action needs which level, what a third party needs.

Factors and categories are known ones, or the company's own: described in a sentence, and used like any other.

A policy is a YAML file; `policy_files` reads it. Levels stand from the weakest to the strictest: an action
category that `actions` does not name takes the strictest level, the last one defined. A level is met by its own
sets, and by those of every stricter level.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from ausweis.judging.contradictions import contradictions
from ausweis.vocabulary import (
    KNOWN_WORDS,
    VIOLATIONS,
    ActionKind,
    IncidentId,
    Language,
    LooksLike,
    MaskKind,
    OwnWord,
    Severity,
    Side,
    Strength,
    ViolationType,
    Vocabulary,
    default_mask,
    hot_words,
    with_own,
)

__all__ = [
    "EXPECTED",
    "PERMISSIONS",
    "Actions",
    "CategoryRule",
    "FactorRule",
    "IncidentRule",
    "Level",
    "Permission",
    "Policy",
    "Sentence",
    "ThirdParty",
    "Word",
]

Permission = Literal["on_file", "holder_present"]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
Word = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S+$")]
Sentence = Annotated[str, Field(min_length=1, max_length=500)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]

EXPECTED = 0.1
"""Of all calls, violations, unless a policy says otherwise."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FactorRule(_Part):
    """What the policy says about one factor. `read_out`: the level from which an agent may say the stored value.

    The rest is for own factors: what it is, in one sentence; what it is called within a sentence; what is said when it
    is given; as what its value is masked; words that an ASR model should know how to write.
    """

    strength: Strength | None = None
    read_out: Word | None = None
    description: Description | None = None
    name: Name | None = None
    looks_like: LooksLike | None = None
    mask: MaskKind | None = None
    hot_words: Annotated[tuple[Name, ...], Field(max_length=20)] = ()


class Level(_Part):
    """A level is met when all factors of any one of its sets are verified."""

    any_of: Annotated[tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...], Field(min_length=1)]


class CategoryRule(_Part):
    """The level that a category of action needs; written as the level alone, except for own ones.

    Of those: what the agent does, in one sentence, and what that is called within a sentence.
    """

    level: Word
    description: Description | None = None
    name: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _level_alone(cls, value: Any) -> Any:
        return value if isinstance(value, Mapping | CategoryRule) else {"level": value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A level, or a mapping."""
        return {"anyOf": [{"type": "string"}, handler(core)]}


class Actions(_Part):
    """The level that each category of action needs."""

    disclosure: dict[str, CategoryRule] = Field(default_factory=dict)
    change: dict[str, CategoryRule] = Field(default_factory=dict)

    def of(self, kind: ActionKind) -> dict[str, CategoryRule]:
        """Those of disclosures, or those of changes."""
        return self.change if kind == "change" else self.disclosure


class ThirdParty(_Part):
    """What lets somebody else act for the account holder; with an empty list nothing does.

    Without `holder_present` a call that was begun for somebody else stays so to its end.
    """

    accept: tuple[Permission, ...] = PERMISSIONS


class IncidentRule(_Part):
    """A critical incident beyond authentication that is looked for: one of the known kinds, or the company's own.

    An own one has an `id` and a `description` that the model is asked by, and may name whose words are looked at.
    """

    kind: IncidentId | None = None
    own_id: Annotated[Word | None, Field(alias="id")] = None
    description: Sentence | None = None
    speaker: Side | None = None
    severity: Severity

    @property
    def id(self) -> str:
        """What a verdict calls it: the known kind, or the company's own id."""
        return self.kind or str(self.own_id)


class Policy(_Part):
    """One policy. Factors that `factors` leaves out do not count; without `factors`, all do.

    `attempts`: so many answers may be rejected; what the caller gives after that many counts no more.
    `name_required`: the caller's name is wanted besides every set, unless `pre_authenticated` is verified, where
    the phone menu or a colleague knows who is calling.
    `expected_violations`: the share of all calls that are expected to break the policy. The fewer, the surer a verdict
    must be to flag a call; the order of calls by risk stays.
    """

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)]
    version: Word
    title: Sentence
    language: Language = "de"
    factors: dict[str, FactorRule] = Field(default_factory=lambda: dict.fromkeys(KNOWN_WORDS.factors, FactorRule()))
    levels: Annotated[dict[Word, Level], Field(min_length=1)]
    actions: Actions
    third_party: ThirdParty = ThirdParty()
    attempts: Annotated[StrictInt, Field(ge=1, le=100)] = 3
    expected_violations: Annotated[StrictFloat, Field(gt=0, lt=1)] = EXPECTED
    name_required: StrictBool = True
    severity: dict[ViolationType, Severity] = Field(default_factory=dict)
    incidents: tuple[IncidentRule, ...] = ()

    @field_validator("factors", mode="before")
    @classmethod
    def _list_of_factors(cls, value: Any) -> Any:
        """Take a plain list of factors, and factors without anything behind the colon, as rules of their own."""
        if isinstance(value, list) and all(isinstance(factor, str) for factor in value):
            return {factor: {} for factor in value}
        if isinstance(value, Mapping):
            return {factor: {} if rule is None else rule for factor, rule in value.items()}
        return value

    @model_validator(mode="after")
    def _possible(self) -> "Policy":
        wrong = [
            InitErrorDetails(
                type=PydanticCustomError("impossible", "{message}", {"message": message}), loc=path, input=None
            )
            for path, message in contradictions(self)
        ]
        if wrong:
            raise ValidationError.from_exception_data("Policy", wrong)
        return self

    @property
    def strictest_level(self) -> str:
        """The last level defined."""
        return list(self.levels)[-1]

    def __copy__(self) -> Self:
        """The policy without what was made of it, since a copy may be changed (`model_copy`)."""
        copied = super().__copy__()
        for name in ("own_words", "vocabulary"):
            copied.__dict__.pop(name, None)
        return copied

    @cached_property
    def own_words(self) -> tuple[OwnWord, ...]:
        """The factors and categories that the policy describes itself, in its order."""
        factors = (_own_factor(word, rule) for word, rule in self.factors.items() if rule.description is not None)
        return (*factors, *_own_categories("disclosure", self.actions), *_own_categories("change", self.actions))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """All factors and categories that the policy knows."""
        return with_own(self.own_words)

    @property
    def hot_words(self) -> tuple[str, ...]:
        """Words of its factors that an ASR model should know how to write, each once."""
        own = (word for rule in self.factors.values() for word in rule.hot_words)
        return tuple(dict.fromkeys((*hot_words(self.factors, self.language), *own)))

    def level_of(self, category: str) -> str:
        """The level that an action of this category needs."""
        rule = self.actions.change.get(category) or self.actions.disclosure.get(category)
        return rule.level if rule is not None else self.strictest_level

    def read_out_level(self, factor: str) -> str:
        """The level from which an agent may say the stored value of this factor."""
        rule = self.factors.get(factor)
        if rule is not None and rule.read_out is not None:
            return rule.read_out
        record = self.vocabulary.factors[factor]
        if record.read_out is not None:
            return self.level_of(record.read_out)
        return self.strictest_level if record.strength == "strong" else next(iter(self.levels))

    def strength(self, factor: str) -> Strength:
        """Whether the factor proves (strong), or is known to people near the customer too (weak)."""
        rule = self.factors.get(factor)
        if rule is not None and rule.strength is not None:
            return rule.strength
        return self.vocabulary.factors[factor].strength

    def severity_of(self, violation: ViolationType) -> Severity:
        """How grave a violation of this type is under this policy."""
        return self.severity.get(violation, VIOLATIONS[violation].severity)


def _own_factor(word: str, rule: FactorRule) -> OwnWord:
    strength, looks_like = rule.strength or "weak", rule.looks_like or "words"
    return OwnWord(
        kind="factor",
        id=word,
        name=rule.name or word.replace("_", " "),
        description=str(rule.description),
        strength=strength,
        looks_like=looks_like,
        mask=rule.mask or default_mask(looks_like, strength),
    )


def _own_categories(kind: ActionKind, actions: Actions) -> Iterator[OwnWord]:
    for word, rule in actions.of(kind).items():
        if rule.description is not None:
            name = rule.name or word.replace("_", " ")
            yield OwnWord(kind=kind, id=word, name=name, description=rule.description)
