"""What a policy file may say: its keys, each with its type.

Factors and categories are known ones, or the company's own: described in a sentence, and used like any other. Levels
stand from the weakest to the strictest.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from ausweis.vocabulary import (
    KNOWN_WORDS,
    ActionKind,
    IncidentId,
    Language,
    LooksLike,
    MaskKind,
    Severity,
    Side,
    Strength,
    ViolationType,
)

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

    # Stores of before name `id` as the field is named here.
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    kind: IncidentId | None = None
    own_id: Annotated[Word | None, Field(alias="id")] = None
    description: Sentence | None = None
    speaker: Side | None = None
    severity: Severity

    @property
    def id(self) -> str:
        """What a verdict calls it: the known kind, or the company's own id."""
        return self.kind or str(self.own_id)


class PolicyForm(_Part):
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
