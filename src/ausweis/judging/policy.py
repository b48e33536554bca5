"""The policy: which factors meet which level, which action needs which level, what a third party needs.

A policy is a YAML file; `policy_files` reads it. Levels stand from the weakest to the strictest: an action
category that `actions` does not name takes the strictest level, the last one defined. A level is met by its own
sets, and by those of every stricter level.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ausweis.vocabulary import (
    CATEGORIES,
    FACTORS,
    INCIDENTS,
    VIOLATIONS,
    Category,
    Factor,
    IncidentId,
    Language,
    Severity,
    Side,
    Strength,
    ViolationType,
)

__all__ = [
    "EXPECTED",
    "PERMISSIONS",
    "Actions",
    "FactorRule",
    "IncidentRule",
    "Level",
    "Permission",
    "Policy",
    "ThirdParty",
]

Permission = Literal["on_file", "holder_present"]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
Word = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S+$")]
Sentence = Annotated[str, Field(min_length=1, max_length=500)]

EXPECTED = 0.1
"""Of all calls, violations, unless a policy says otherwise."""

Contradiction = tuple[tuple[str | int, ...], str]
"""The path to a place in a policy, and what is impossible there."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FactorRule(_Part):
    """What the policy says about one factor. `read_out`: the level from which an agent may say the stored value."""

    strength: Strength | None = None
    read_out: Word | None = None


class Level(_Part):
    """A level is met when all factors of any one of its sets are verified."""

    any_of: Annotated[tuple[Annotated[tuple[Factor, ...], Field(min_length=1)], ...], Field(min_length=1)]


class Actions(_Part):
    """The level that each category of action needs."""

    disclosure: dict[Category, Word] = Field(default_factory=dict)
    change: dict[Category, Word] = Field(default_factory=dict)


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
    factors: dict[Factor, FactorRule] = Field(default_factory=lambda: dict.fromkeys(FACTORS, FactorRule()))
    levels: Annotated[dict[Word, Level], Field(min_length=1)]
    actions: Actions
    third_party: ThirdParty = ThirdParty()
    attempts: Annotated[int, Field(ge=1, le=100)] = 3
    expected_violations: Annotated[float, Field(gt=0, lt=1)] = EXPECTED
    name_required: Annotated[bool, Field(strict=True)] = True
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
            for path, message in self._contradictions()
        ]
        if wrong:
            raise ValidationError.from_exception_data("Policy", wrong)
        return self

    def _contradictions(self) -> list[Contradiction]:
        """What the policy says that cannot be: the path to each place, and a sentence."""
        wrong: list[Contradiction] = []
        for name, level in self.levels.items():
            seen: set[frozenset[Factor]] = set()
            for number, factors in enumerate(level.any_of):
                place = ("levels", name, "any_of", number)
                wrong += [
                    ((*place, i), f"the factor {factor!r} is not in factors; allowed: {', '.join(self.factors)}")
                    for i, factor in enumerate(factors)
                    if factor not in self.factors
                ]
                if len(set(factors)) < len(factors):
                    wrong.append((place, "a set names a factor twice"))
                elif frozenset(factors) in seen:
                    wrong.append((place, f"the level {name!r} has this set twice"))
                seen.add(frozenset(factors))
        wrong += self._wrong_actions()
        wrong += self._wrong_incidents()
        levels = ", ".join(self.levels)
        for factor, rule in self.factors.items():
            if rule.read_out is not None and rule.read_out not in self.levels:
                wrong.append((("factors", factor, "read_out"), f"unknown level {rule.read_out!r}; allowed: {levels}"))
        return wrong

    def _wrong_actions(self) -> list[Contradiction]:
        wrong: list[Contradiction] = []
        for kind, categories in (("disclosure", self.actions.disclosure), ("change", self.actions.change)):
            allowed = ", ".join(record.id for record in CATEGORIES.values() if record.kind == kind)
            for category, level in categories.items():
                if CATEGORIES[category].kind != kind:
                    wrong.append((("actions", kind, category), f"{category!r} is no {kind}; allowed: {allowed}"))
                if level not in self.levels:
                    known = ", ".join(self.levels)
                    wrong.append((("actions", kind, category), f"unknown level {level!r}; allowed: {known}"))
        return wrong

    def _wrong_incidents(self) -> list[Contradiction]:
        wrong: list[Contradiction] = []
        said: set[str] = set()
        for number, rule in enumerate(self.incidents):
            place = ("incidents", number)
            if (rule.kind is None) == (rule.description is None):
                wrong.append((place, "an incident has a kind, or an id and a description of its own"))
            elif rule.kind is None and (rule.own_id is None or rule.own_id in INCIDENTS):
                wrong.append((place, "an incident of your own needs an id, which is no known kind"))
            elif rule.kind is not None and rule.own_id is not None:
                wrong.append(((*place, "id"), f"the incident {rule.kind!r} has its kind for a name: leave the id out"))
            elif rule.kind is not None and rule.speaker is not None:
                wrong.append(((*place, "speaker"), f"whose words are looked at is known for {rule.kind!r}"))
            elif rule.description is not None and rule.description in said:
                wrong.append((place, "this description stands here twice"))
            elif rule.id in said:
                wrong.append((place, f"the incident {rule.id!r} stands here twice"))
            said |= {rule.id, rule.description or rule.id}
        return wrong

    @property
    def strictest_level(self) -> str:
        """The last level defined."""
        return list(self.levels)[-1]

    def level_of(self, category: Category) -> str:
        """The level that an action of this category needs."""
        is_change = CATEGORIES[category].kind == "change"
        categories = self.actions.change if is_change else self.actions.disclosure
        return categories.get(category, self.strictest_level)

    def read_out_level(self, factor: Factor) -> str:
        """The level from which an agent may say the stored value of this factor."""
        rule = self.factors.get(factor)
        if rule is not None and rule.read_out is not None:
            return rule.read_out
        return self.level_of(FACTORS[factor].read_out)

    def strength(self, factor: Factor) -> Strength:
        """Whether the factor proves (strong), or is known to people near the customer too (weak)."""
        rule = self.factors.get(factor)
        if rule is not None and rule.strength is not None:
            return rule.strength
        return FACTORS[factor].strength

    def severity_of(self, violation: ViolationType) -> Severity:
        """How grave a violation of this type is under this policy."""
        return self.severity.get(violation, VIOLATIONS[violation].severity)
