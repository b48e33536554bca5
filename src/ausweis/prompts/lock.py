"""`prompts.lock`: the released versions of a library, each with its hash. A released version never changes."""

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ausweis.errors import PromptError

__all__ = ["LOCK_NAME", "Lock", "LockEntry"]

LOCK_NAME = "prompts.lock"


class LockEntry(BaseModel):
    """One release: the file's hash, why it was made, and the day (UTC, ISO 8601)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    message: str = Field(min_length=1)
    released: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


_ENTRIES = TypeAdapter(dict[str, LockEntry])


@dataclass(frozen=True, slots=True)
class Lock:
    """The entries by name, such as `agent-turn@1`."""

    path: Path
    entries: dict[str, LockEntry] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Lock":
        """The lock of a folder of templates; empty where there is none yet.

        Raises:
            PromptError: the file cannot be read, or is no lock.
        """
        path = folder / LOCK_NAME
        try:
            text = path.read_text(encoding="utf-8")
            return cls(path, _ENTRIES.validate_python(json.loads(text)))
        except FileNotFoundError:
            return cls(path)
        except json.JSONDecodeError as error:
            place = f"{path}:{error.lineno}"
            raise PromptError("is no valid JSON: take it from version control again", place=place) from error
        except ValidationError as error:
            where = ".".join(str(key) for key in error.errors()[0]["loc"]) or "the file"
            message = f"{where} is no release with sha256, message and released: take the file from version control"
            raise PromptError(message, place=str(path)) from error
        except (OSError, UnicodeDecodeError) as error:
            raise PromptError("cannot be read", place=str(path)) from error

    def with_entry(self, name: str, entry: LockEntry) -> "Lock":
        """A lock that has this entry too, sorted by id and version."""
        return Lock(self.path, dict(sorted({**self.entries, name: entry}.items(), key=_order)))

    def write(self) -> None:
        """Replace the file in one step, so that a reader never sees half of it.

        Raises:
            PromptError: the folder cannot be written to.
        """
        text = json.dumps({name: entry.model_dump() for name, entry in self.entries.items()}, indent=2)
        temporary: Path | None = None
        try:
            with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False, encoding="utf-8") as file:
                temporary = Path(file.name)
                file.write(text + "\n")
            temporary.chmod(0o644)
            temporary.replace(self.path)
        except OSError as error:
            if temporary:
                temporary.unlink(missing_ok=True)
            raise PromptError(f"cannot be written: {error.strerror}", place=str(self.path)) from error


def _order(item: tuple[str, LockEntry]) -> tuple[str, int, str]:
    name = item[0]
    identifier, _, version = name.partition("@")
    return identifier, int(version) if version.isdecimal() else 0, name
