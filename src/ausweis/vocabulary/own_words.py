"""A company's own factors and categories, which its policy describes, and all words that a policy knows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ausweis.vocabulary.actions import CATEGORIES, CategoryRecord
from ausweis.vocabulary.factor import FactorRecord, LooksLike, MaskKind, Strength
from ausweis.vocabulary.factors import FACTORS
from ausweis.vocabulary.lists import LANGUAGES, Texts

__all__ = ["KNOWN_WORDS", "OwnKind", "OwnWord", "Vocabulary", "WordId", "is_word", "with_own"]

OwnKind = Literal["factor", "disclosure", "change"]
WordId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""The id of a factor or category, known or own."""
_WORD = re.compile(r"[a-z][a-z0-9_]{0,59}")


def is_word(text: str) -> bool:
    """Whether it may be the id of a factor or category."""
    return _WORD.fullmatch(text) is not None


def _is_nothing(value: object) -> bool:
    return value is None


class OwnWord(BaseModel):
    """One own factor or category of a policy, as facts and verdicts carry it.

    `name`: what it is called within a sentence, in the policy's language. `description`: what it is, in one sentence:
    the model is asked by it. The rest is told of factors alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: OwnKind
    id: WordId
    name: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(min_length=1, max_length=300)]
    strength: Annotated[Strength | None, Field(exclude_if=_is_nothing)] = None
    looks_like: Annotated[LooksLike | None, Field(exclude_if=_is_nothing)] = None
    mask: Annotated[MaskKind | None, Field(exclude_if=_is_nothing)] = None

    @property
    def is_factor(self) -> bool:
        """Whether it is a factor; else a category of actions."""
        return self.kind == "factor"

    @property
    def asked(self) -> tuple[str, ...]:
        """What the answer of a reader hangs on: a word that differs in it is another one.

        Strength counts so little in reading that it may change.
        """
        return self.kind, self.id, self.name, self.description, self.looks_like or ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The records of all factors and categories that a policy knows: the known ones, then its `own`."""

    factors: Mapping[str, FactorRecord]
    categories: Mapping[str, CategoryRecord]
    own: tuple[OwnWord, ...] = ()


KNOWN_WORDS = Vocabulary(
    {record.id: record for record in FACTORS.values()}, {record.id: record for record in CATEGORIES.values()}
)
"""What every policy knows."""


@lru_cache(maxsize=64)  # facts and verdicts of one policy carry the same words
def with_own(own: tuple[OwnWord, ...]) -> Vocabulary:
    """The known words and these."""
    if not own:
        return KNOWN_WORDS
    factors = {word.id: _factor(word) for word in own if word.is_factor}
    categories = {word.id: _category(word) for word in own if not word.is_factor}
    return Vocabulary({**KNOWN_WORDS.factors, **factors}, {**KNOWN_WORDS.categories, **categories}, own)


def _factor(word: OwnWord) -> FactorRecord:
    return FactorRecord(
        id=word.id,
        name=_texts(word.name),
        sentence=_texts(word.description),
        looks_like=word.looks_like or "words",
        strength=word.strength or "weak",
        mask=word.mask or "value",
        read_out=None,
    )


def _category(word: OwnWord) -> CategoryRecord:
    return CategoryRecord(
        id=word.id,
        kind="change" if word.kind == "change" else "disclosure",
        name=_texts(word.name),
        sentence=_texts(word.description),
        label=word.id.replace("_", " "),
        own=True,
    )


def _texts(text: str) -> Texts:
    return dict.fromkeys(LANGUAGES, text)
