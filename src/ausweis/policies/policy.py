"""A policy and what it means: which level an action needs, which factors count, what is grave.

An action category that `actions` does not name takes the strictest level, the last one defined. A level is met by its
own sets, and by those of every stricter level.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Self

from pydantic import ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from ausweis.policies.contradictions import contradictions
from ausweis.policies.form import Actions, FactorRule, PolicyForm
from ausweis.vocabulary import (
    VIOLATIONS,
    ActionKind,
    OwnWord,
    Severity,
    Strength,
    ViolationType,
    Vocabulary,
    default_mask,
    hot_words,
    with_own,
)


class Policy(PolicyForm):
    """One policy, all of which is possible."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
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
