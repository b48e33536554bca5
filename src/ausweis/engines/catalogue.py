"""The catalogue of model weights: what each file is, which hash it must have, and where it can be had."""

import os
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ausweis.errors import ModelError

__all__ = ["CATALOGUE_VARIABLE", "Entry", "HubSource", "PackageSource", "PathSource", "default_id", "entries", "entry"]

CATALOGUE_VARIABLE = "AUSWEIS_MODELS"
_SHIPPED = Path(__file__).with_name("models.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PackageSource(_Part):
    """Pieces that are data files of Python packages, in this order; `{n}` in the pattern counts from 1.

    `extra` is the extra of Ausweis that installs them, where there is one.
    """

    kind: Literal["package"]
    packages: Annotated[tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[^=]+$")], ...], Field(min_length=1)]
    pattern: str
    extra: str | None = None

    @field_validator("pattern")
    @classmethod
    def _pattern_takes_only_a_number(cls, pattern: str) -> str:
        try:
            pattern.format(n=1)
        except (LookupError, ValueError, AttributeError) as error:
            raise ValueError("a pattern may hold {n} and nothing else in braces") from error
        return pattern

    @property
    def pieces(self) -> tuple[tuple[str, str, str], ...]:
        """Name, version and data file of each package, in order."""
        split = [package.split("==") for package in self.packages]
        return tuple((name, version, self.pattern.format(n=n)) for n, (name, version) in enumerate(split, start=1))

    def find(self) -> tuple[list[Path], list[str]]:
        """The pieces that are installed, in order, and the packages (`name==version`) that are not.

        Only the packages' metadata is read: importing a carrier would run its code.
        """
        found: list[Path] = []
        missing: list[str] = []
        for name, version, file in self.pieces:
            try:
                distribution = metadata.distribution(name)
            except metadata.PackageNotFoundError:
                missing.append(f"{name}=={version}")
                continue
            path = Path(str(distribution.locate_file(file)))
            if distribution.version == version and path.is_file():
                found.append(path)
            else:
                missing.append(f"{name}=={version}")
        return found, missing


class HubSource(_Part):
    """The file at the model's makers."""

    kind: Literal["hub"]
    url: Annotated[str, Field(pattern=r"^https://[^\s]+$")]


class PathSource(_Part):
    """A copy that the user has on this machine."""

    kind: Literal["path"]


S = TypeVar("S", PackageSource, HubSource, PathSource)


class Entry(_Part):
    """One model file. `bytes` is its size, `context` the tokens that the model was made for."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    title: str
    default: bool = False
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.gguf$")]
    bytes: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    licence: str
    chat_format: Literal["chatml"]
    context: Annotated[int, Field(gt=0)]
    sources: tuple[Annotated[PackageSource | HubSource | PathSource, Field(discriminator="kind")], ...]

    def source(self, kind: type[S]) -> S | None:
        """The first source of a kind, if there is one."""
        return next((source for source in self.sources if isinstance(source, kind)), None)


class _Catalogue(_Part):
    models: tuple[Entry, ...]


def entries() -> tuple[Entry, ...]:
    """All models: those that ship, then those of the file named by AUSWEIS_MODELS.

    Raises:
        ModelError: that file cannot be read, says something impossible, or names an id or file twice.
    """
    found = _read(_SHIPPED)
    if named := os.environ.get(CATALOGUE_VARIABLE):
        found = (*found, *_read(Path(named)))
        for what in ("id", "file"):
            values = [getattr(model, what) for model in found]
            if twice := sorted({value for value in values if values.count(value) > 1}):
                raise ModelError(f"the {what} {twice[0]} is in the catalogue already: take another", place=named)
    return found


def entry(model_id: str) -> Entry:
    """The model of this id.

    Raises:
        ModelError: there is none.
    """
    known = entries()
    for model in known:
        if model.id == model_id:
            return model
    names = ", ".join(model.id for model in known)
    raise ModelError(f"there is no model {model_id}: take one of {names}, or the path of a .gguf file")


def default_id() -> str:
    """The id of the model that is used when none is named."""
    return next(model.id for model in _read(_SHIPPED) if model.default)


@lru_cache(maxsize=8)
def _read(path: Path) -> tuple[Entry, ...]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return _Catalogue.model_validate(content).models
    except OSError as error:
        raise ModelError(f"the catalogue of models cannot be read: {error.strerror}", place=str(path)) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(key) for key in first["loc"])
        raise ModelError(f"the catalogue of models is wrong at {where}: {first['msg']}", place=str(path)) from error
    except (YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ModelError("the catalogue of models is no valid YAML", place=place) from error
