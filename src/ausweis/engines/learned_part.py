"""One learned file in words: what it is, for which model and text of a template, and the hash that it must have."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ausweis.provenance import PromptProvenance

__all__ = ["Base", "LearnedKind", "LearnedPart"]

LearnedKind = Literal["probe", "ngrams", "answers", "matcher", "words", "calibration"]
"""Labels of a line, by states, by its words and by answers about the call; what a description says; what is done with
an own word; what probabilities mean."""

_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Base(_Entry):
    """The model that a part was learned for; its hash decides, the id is for people."""

    id: str
    sha256: _Sha256


class LearnedPart(_Entry):
    """An entry of `learned.yaml`. `bytes`: the size of its file, whose hash is `sha256`.

    `bound_to`: other parts, by kind and SHA-256, without which it is of no use. `asked_by`: the template of the
    question after the transcript whose answers it reads; older entries do not tell it.
    """

    kind: LearnedKind
    version: Annotated[int, Field(ge=1)]
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    sha256: _Sha256
    bytes: Annotated[int, Field(gt=0, lt=2**60)]
    base: Base
    template: PromptProvenance
    bound_to: Mapping[LearnedKind, _Sha256] = Field(default_factory=dict, exclude_if=lambda parts: not parts)
    asked_by: PromptProvenance | None = Field(default=None, exclude_if=lambda question: question is None)
    notes: str
    learned_on: date

    def __str__(self) -> str:
        return f"{self.kind} {self.version} of {self.template.id}@{self.template.version} for {self.base.id}"

    def is_for(self, kind: LearnedKind, template: PromptProvenance) -> bool:
        """Whether it is of this kind, for this version of a template, whatever its text."""
        return (self.kind, self.template.id, self.template.version) == (kind, template.id, template.version)

    def fits(self, base_sha256: str, beside: Mapping[LearnedKind, str]) -> bool:
        """Whether it is for this model, and bound to nothing but what it is used with."""
        return self.base.sha256 == base_sha256 and self.bound_to.items() <= beside.items()

    def lacks(self, known: Collection[str]) -> str:
        """The kinds of parts that it is bound to and that are not among those known by SHA-256; empty with all."""
        return " and ".join(kind for kind, sha256 in self.bound_to.items() if sha256 not in known)
