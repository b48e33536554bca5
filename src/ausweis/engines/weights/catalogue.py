"""The catalogue of model weights: what each file is, which hash it must have, and where it can be had."""

import os
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, Field, StrictBool, StrictInt, model_validator

from ausweis.errors import ModelError

CATALOGUE_VARIABLE = "AUSWEIS_MODELS"
LONG_CONTEXT = 16384
"""Tokens of context in which a long call has room, with all that is asked about it in one prompt and the answer."""
_WORKING_MEMORY = 1 << 30
"""Bytes that llama.cpp takes besides, for what it computes; generous for a few hundred tokens at once."""
_SHIPPED = Path(__file__).with_name("models.yaml")

Kind = Literal["llm", "asr", "voices"]
"""A language model (GGUF), an ASR model (a folder in CTranslate2's format), an encoder of voices (one file)."""

_KINDS: dict[Kind, tuple[str, str]] = {
    "llm": ("a language model", "the path of a .gguf file"),
    "asr": ("an ASR model", "the path of a folder with model.bin"),
    "voices": ("a voice encoder", "the path of a copy of its file"),
}

_Package = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[^=]+$")]


class PackageSource(BaseModel, extra="forbid", frozen=True):
    """Pieces that are data files of Python packages, in this order; `extra` of Ausweis installs them, if there is one.

    `{n}` in the pattern counts from 1 (`{n:02d}`: in two digits); nothing else may stand in braces.
    """

    kind: Literal["package"]
    packages: Annotated[tuple[_Package, ...], Field(min_length=1)]
    pattern: Annotated[str, Field(pattern=r"^(?:[^{}]|\{n(:0[1-9]d?)?\})*$")]
    extra: str | None = None

    @property
    def pieces(self) -> tuple[tuple[str, str], ...]:
        """Each package (`name==version`) with its data file, in order."""
        return tuple((package, self.pattern.format(n=n)) for n, package in enumerate(self.packages, start=1))


class HubSource(BaseModel, extra="forbid", frozen=True):
    """The file at the model's makers."""

    kind: Literal["hub"]
    url: Annotated[str, Field(pattern=r"^https://[^\s]+$")]


class PathSource(BaseModel, extra="forbid", frozen=True):
    """A copy that the user has on this machine."""

    kind: Literal["path"]


S = TypeVar("S", PackageSource, HubSource, PathSource)


class File(BaseModel, extra="forbid", frozen=True):
    """One file that a model needs. `bytes` is its size."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    bytes: Annotated[StrictInt, Field(gt=0, lt=2**60)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Beside(File):
    """A further, small file of a model's folder: `data` is the data file of the package (`name==version`), if any."""

    package: _Package | None = None
    data: Annotated[str, Field(min_length=1)] | None = None

    @property
    def pieces(self) -> tuple[tuple[str, str], ...]:
        """As those of a `PackageSource`; none where no package carries it."""
        return ((self.package, self.data),) if self.package and self.data else ()


class Entry(File):
    """One model: its file and, for an ASR model, those beside it.

    `context`: the tokens that an llm was made for; `cache`: the bytes of memory that each of them takes.
    `chat_format`: of an llm; `template` is what its file says itself.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    kind: Kind = "llm"
    title: str
    default: StrictBool = False
    licence: str
    chat_format: Literal["chatml", "template"] | None = None
    context: Annotated[StrictInt, Field(gt=0, lt=2**60)] | None = None
    cache: Annotated[StrictInt, Field(gt=0, lt=2**30)] | None = None
    sources: tuple[Annotated[PackageSource | HubSource | PathSource, Field(discriminator="kind")], ...]
    beside: tuple[Beside, ...] = ()
    adapter: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*\.safetensors$")] | None = None
    """A file of `adapters/`, for an ASR model from packages: what is added to their weights to make this model."""

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        llm, asr, packaged = self.kind == "llm", self.kind == "asr", self.source(PackageSource) is not None
        for name in ("chat_format", "context"):
            if (getattr(self, name) is None) == llm:
                raise ValueError(f"a model of kind llm needs {name}" if llm else f"{name} is for kind llm only")
        wrong = {
            "the file of a model of kind llm must end in .gguf": llm and not self.file.endswith(".gguf"),
            "the file of a model of kind asr must be model.bin": asr and self.file != "model.bin",
            "beside is for kind asr only": not asr and self.beside,
            "a file beside has both package and data, or neither": any(
                (file.package is None) != (file.data is None) for file in self.beside
            ),
            "files beside need package and data where a source is of kind package": packaged
            and any(file.package is None for file in self.beside),
            "adapter is for kind asr with a source of kind package only": self.adapter and not (asr and packaged),
            "beside names a file twice": len({file.file for file in self.files}) != len(self.files),
        }
        for message, is_so in wrong.items():
            if is_so:
                raise ValueError(message)
        return self

    @property
    def files(self) -> tuple[File, ...]:
        """All its files, the one that gives it its hash first."""
        return (self, *self.beside)

    @property
    def memory(self) -> int | None:
        """Bytes that an llm needs to read a long call: its file, the cache and what is computed; None if not known."""
        if self.cache is None or self.context is None:
            return None
        return self.bytes + self.cache * min(self.context, LONG_CONTEXT) + _WORKING_MEMORY

    @property
    def kept_as(self) -> str:
        """What of the folder of models belongs to it: its file, or a folder named by its id."""
        return self.file if self.kind == "llm" else self.id

    @property
    def packages(self) -> tuple[str, ...]:
        """All packages (`name==version`) that carry its files."""
        source = self.source(PackageSource)
        beside = [file.package for file in self.beside if file.package]
        return tuple(dict.fromkeys([*(source.packages if source else ()), *beside]))

    def source(self, kind: type[S]) -> S | None:
        """The first source of a kind, if there is one."""
        return next((source for source in self.sources if isinstance(source, kind)), None)


class _Catalogue(BaseModel, extra="forbid", frozen=True):
    models: tuple[Entry, ...]


def entries() -> tuple[Entry, ...]:
    """All models: those that ship, then those of the file named by AUSWEIS_MODELS.

    Raises:
        ModelError: that file cannot be read, says something impossible, or names an id or file twice.
    """
    models = _read(_SHIPPED)
    if named := os.environ.get(CATALOGUE_VARIABLE):
        models = (*models, *_read(Path(named)))
        for what, values in (("id", [model.id for model in models]), ("file", [model.kept_as for model in models])):
            if twice := sorted({value for value in values if values.count(value) > 1}):
                raise ModelError(f"the {what} {twice[0]} is in the catalogue already: take another", place=named)
    return models


def entry(model_id: str, kind: Kind | None = None) -> Entry:
    """The model of this id; with a kind, only one of that kind will do.

    Raises:
        ModelError: there is none, or it is of another kind.
    """
    known = entries()
    names = ", ".join(model.id for model in known if kind in (None, model.kind))
    take = f"take one of {names}, or {_KINDS[kind or 'llm'][1]}"
    for model in known:
        if model.id == model_id:
            if kind not in (None, model.kind):
                raise ModelError(f"{model_id} is {_KINDS[model.kind][0]}, but {_KINDS[kind][0]} is wanted here: {take}")
            return model
    what = "model" if kind in (None, "llm") else _KINDS[kind][0].split(maxsplit=1)[1]
    raise ModelError(f"there is no {what} {model_id}: {take}")


def default_id(kind: Kind = "llm") -> str:
    """The id of the model of this kind that is used when none is named."""
    return next(model.id for model in _read(_SHIPPED) if model.default and model.kind == kind)


def installed(package: str, file: str) -> Path | None:
    """A data file of a package (`name==version`); None where it is not installed."""
    name, version = package.split("==")
    # Only the packages' metadata is read: importing a carrier would run its code.
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(distribution.locate_file(file)))
    return path if distribution.version == version and path.is_file() else None


@lru_cache(maxsize=8)
def _read(path: Path) -> tuple[Entry, ...]:
    from ausweis.user_yaml import read_model

    return read_model(path, _Catalogue, "the catalogue of models", ModelError)[0].models
