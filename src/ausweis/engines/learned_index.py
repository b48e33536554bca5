"""What was learned for models, as a folder: files, and `learned.yaml`, which says what each is for and its hash.

A company's own folder (AUSWEIS_LEARNED) is looked at first, then the one that ships. A part is used with the model and
the text of the template that it was learned for, and only while its file is, byte for byte, what the index says.
What a reader's probabilities mean is such a part too: a few numbers as JSON (`ReaderCalibration`).
"""

import hashlib
import math
import os
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from ausweis.errors import InputError, ModelError, PromptError
from ausweis.facts import Calibration, EventKind
from ausweis.journal import replace_file
from ausweis.opening import read_bytes
from ausweis.provenance import PromptProvenance
from ausweis.user_yaml import read_model

LEARNED_VARIABLE = "AUSWEIS_LEARNED"
SHIPPED = Path(__file__).with_name("learned")
INDEX_NAME = "learned.yaml"

LearnedKind = Literal["probe", "ngrams", "answers", "matcher", "words", "calibration"]
"""Labels of a line, by states, by its words and by answers about the call; what a description says; what is done with
an own word; what probabilities mean."""

_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Base(BaseModel, extra="forbid", frozen=True):
    """The model that a part was learned for; its hash decides, the id is for people."""

    id: str
    sha256: _Sha256


class LearnedPart(BaseModel, extra="forbid", frozen=True):
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

    def lacks(self, known: Collection[str]) -> str:
        """The kinds of parts that it is bound to and that are not among those known by SHA-256; empty with all."""
        return " and ".join(kind for kind, sha256 in self.bound_to.items() if sha256 not in known)


class _Content(BaseModel, extra="forbid", frozen=True):
    format: Literal["ausweis/learned@1"] = Field(alias="schema")
    parts: tuple[LearnedPart, ...]

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        names = [*(part.file for part in self.parts), *map(str, self.parts)]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]} is there twice")
        return self


@dataclass(frozen=True, slots=True)
class LearnedIndex:
    """The parts of one folder."""

    folder: Path
    parts: tuple[LearnedPart, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The index of a folder.

        Raises:
            ModelError: it is not there, or says something impossible; the place has the line.
        """
        content, _ = read_model(folder / INDEX_NAME, _Content, "the index of learned parts", ModelError)
        return cls(folder, content.parts)

    def path(self, part: LearnedPart) -> Path:
        """Where its file stands."""
        return self.folder / part.file

    def checked(self, part: LearnedPart) -> Path:
        """Where its file stands, once size and SHA-256 are right.

        Raises:
            ModelError: they are not, or it cannot be read.
        """
        path, wrong = self.path(part), None
        try:
            if (size := path.stat().st_size) != part.bytes:
                what = "cut short" if size < part.bytes else "too long"
                wrong = f"the learned file is {what} ({size} bytes, expected {part.bytes})"
            elif hashlib.sha256(path.read_bytes()).hexdigest() != part.sha256:
                wrong = f"the learned file has another SHA-256 than {INDEX_NAME} says"
        except OSError as error:
            wrong = f"the learned file cannot be read ({error.strerror})"
        if wrong:
            raise ModelError(f"{wrong}: install Ausweis again, or learn it again", place=str(path))
        return path

    def free_version(self, kind: LearnedKind, template: PromptProvenance, base: Base, wanted: int | None = None) -> int:
        """The version that a new part gets: the one that is wanted, or the next.

        Raises:
            InputError: the wanted one is there already.
        """
        # A model may have been named otherwise, and a name may have stood for another model.
        taken = [
            part.version
            for part in self.parts
            if part.is_for(kind, template) and (part.base.id == base.id or part.base.sha256 == base.sha256)
        ]
        if wanted in taken:
            message = f"has a version {wanted} of this {kind} already: leave --version out, or take {max(taken) + 1}"
            raise InputError(message, place=str(self.folder / INDEX_NAME))
        return wanted or max(taken, default=0) + 1

    def register(
        self,
        kind: LearnedKind,
        template: PromptProvenance,
        base: Base,
        data: bytes,
        notes: str,
        *,
        version: int | None = None,
        bound_to: Mapping[LearnedKind, str] | None = None,
        asked_by: PromptProvenance | None = None,
    ) -> Path:
        """Write a new part, then its entry: whoever reads meanwhile sees the index of before, or the whole part.

        Raises:
            InputError: the version is there already.
            ModelError: the index cannot be read any more.
            RunError: the folder cannot be written to.
        """
        # As it is now: what is learned takes hours.
        index = _opened(self.folder)
        number = index.free_version(kind, template, base, version)
        model = re.sub(r"[^A-Za-z0-9.-]+", "_", base.id)
        ending = "json" if kind == "calibration" else "safetensors"
        part = LearnedPart(
            kind=kind,
            version=number,
            file=f"{kind}.{template.id}-{template.version}.{model}.v{number}.{ending}",
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            base=base,
            template=template,
            bound_to=bound_to or {},
            asked_by=asked_by,
            notes=notes,
            learned_on=datetime.now(UTC).date(),
        )
        replace_file(self.path(part), data)
        replace_file(self.folder / INDEX_NAME, _with_entry(self.folder / INDEX_NAME, part))
        return self.path(part)


def indexes() -> tuple[LearnedIndex, ...]:
    """Of the folder that AUSWEIS_LEARNED names, where it does, then of the one that ships.

    Raises:
        ModelError: there is no such folder, or an index cannot be read.
    """
    shipped = LearnedIndex.read(SHIPPED)
    if named := os.environ.get(LEARNED_VARIABLE):
        return (_opened(Path(named).expanduser()), shipped)
    return (shipped,)


def index_to_write() -> LearnedIndex:
    """Where new parts are kept: the folder that AUSWEIS_LEARNED names, or else, in a checkout, the one that ships.

    Raises:
        InputError: there is none.
    """
    first = indexes()[0]
    if first.folder == SHIPPED and not (SHIPPED.parents[3] / "pyproject.toml").is_file():
        raise InputError(f"where to keep what is learned? Set {LEARNED_VARIABLE} to a folder")
    return first


def bases() -> list[Base]:
    """The models that something was learned for, each once."""
    return list({part.base.sha256: part.base for index in indexes() for part in index.parts}.values())


def kinds_for(base_sha256: str) -> defaultdict[PromptProvenance, set[LearnedKind]]:
    """The kinds of parts learned for a model, by the texts of templates that they, or parts they need, read."""
    parts = [part for index in indexes() for part in index.parts if part.base.sha256 == base_sha256]
    templates = {part.sha256: part.template for part in parts}
    kinds: defaultdict[PromptProvenance, set[LearnedKind]] = defaultdict(set)
    for part in parts:
        if not part.lacks(templates):
            for template in (part.template, part.asked_by, *(templates[other] for other in part.bound_to.values())):
                if template is not None:
                    kinds[template].add(part.kind)
    return kinds


def bound_to(kind: LearnedKind, other: LearnedKind, template: PromptProvenance, base_sha256: str) -> list[str]:
    """The SHA-256 of the `other` parts that parts of this kind are bound to; that of the newest one first."""
    return [
        part.bound_to[other]
        for index in indexes()
        for part in sorted(index.parts, key=lambda part: -part.version)
        if part.is_for(kind, template) and part.base.sha256 == base_sha256 and other in part.bound_to
    ]


def newest(
    kind: LearnedKind,
    template: PromptProvenance,
    base_sha256: str,
    beside: Mapping[LearnedKind, str] | None = None,
    only: str | None = None,
) -> tuple[LearnedIndex, LearnedPart] | None:
    """The newest part of this kind for a template and a model, with its index; None where there is none.

    The first index that has one decides. `beside`: the parts that it is used with, by kind and SHA-256; one that is
    bound to others does not fit. `only`: the one with this SHA-256.

    Raises:
        PromptError: there are only such for another text of this version of the template.
    """
    other_text: Path | None = None
    for index in indexes():
        parts = [part for part in index.parts if part.is_for(kind, template) and part.base.sha256 == base_sha256]
        # Bound to nothing but what it is used with.
        parts = [part for part in parts if part.bound_to.items() <= (beside or {}).items()]
        parts = [part for part in parts if only in (None, part.sha256)]
        fitting = [part for part in parts if part.template == template]
        if fitting:
            return index, max(fitting, key=lambda part: part.version)
        other_text = other_text or next(map(index.path, parts), None)
    if other_text is not None:
        message = f"was trained for another text of {template.id}@{template.version}: train it again"
        raise PromptError(message, place=str(other_text))
    return None


def _opened(folder: Path) -> LearnedIndex:
    """The index of a folder that may have none yet."""
    if not folder.is_dir():
        raise ModelError(f"{LEARNED_VARIABLE} names no folder: make it", place=str(folder))
    return LearnedIndex.read(folder) if (folder / INDEX_NAME).exists() else LearnedIndex(folder)


def _with_entry(path: Path, part: LearnedPart) -> str:
    """The text of an index with one more part; its comments stay."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    content: Any = yaml.load(path) if path.exists() else {"schema": "ausweis/learned@1", "parts": []}
    content["parts"].append(part.model_dump())
    text = StringIO()
    yaml.dump(content, text)
    return text.getvalue()


class EventCalibration(BaseModel, extra="forbid", frozen=True):
    """How likely an event is that a model names: `slope` times the log-odds that it says, plus an offset.

    `kinds`: the offset of each kind; `offset`: that of a kind of which nothing is known.
    """

    slope: Annotated[float, Field(gt=0, le=100)] = 1.0
    offset: Annotated[float, Field(ge=-20, le=20)] = 0.0
    kinds: Mapping[EventKind, Annotated[float, Field(ge=-20, le=20)]] = Field(default_factory=dict)

    def probability(self, kind: EventKind, said: float) -> float:
        """How likely it is where the model says so much, more than 0 and less than 1."""
        odds = self.slope * math.log(said / (1.0 - said)) + self.kinds.get(kind, self.offset)
        return 1.0 / (1.0 + math.exp(-odds))


class ReaderCalibration(BaseModel, extra="forbid", frozen=True):
    """What was learned of one reader: of the risk of whole calls, and of single events where these are stated by it."""

    schema_: Annotated[Literal["ausweis/calibration@1"], Field(alias="schema")] = "ausweis/calibration@1"
    template: str
    template_sha256: str
    model_sha256: str
    risk: Calibration
    events: EventCalibration | None = None
    provenance: Annotated[PromptProvenance | None, Field(exclude=True)] = None
    """What verdicts name it by, such as `call-events:calibration`; None until it is loaded from an index."""

    @classmethod
    def load(cls, path: Path, part: LearnedPart) -> Self:
        """Read the file of an entry.

        Raises:
            PromptError: it holds no calibration, or that of another reader than the entry says.
        """
        try:
            data = read_bytes(path)
            read = cls.model_validate_json(data)
        except (OSError, ValidationError):
            raise PromptError("is no calibration, or a broken one: learn it again", place=str(path)) from None
        if (read.model_sha256, read.template_sha256) != (part.base.sha256, part.template.sha256):
            message = "was learned for another model or template than its index says: learn it again"
            raise PromptError(message, place=str(path))
        sha256 = hashlib.sha256(data).hexdigest()
        name = PromptProvenance(id=f"{part.template.id}:{part.kind}", version=part.version, sha256=sha256)
        return read.model_copy(update={"provenance": name})

    def data(self) -> bytes:
        """What its file has."""
        return (self.model_dump_json(by_alias=True, indent=2) + "\n").encode()
