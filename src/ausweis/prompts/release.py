"""Releases a template version: its hash goes into the lock, and the file never changes. What changed between two."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import unified_diff

from ausweis.errors import PromptError
from ausweis.prompts.library import Library, Lock, LockEntry
from ausweis.prompts.lint import lint_file
from ausweis.prompts.source import read_source
from ausweis.prompts.template import Template

__all__ = ["Difference", "difference", "release"]


@dataclass(frozen=True, slots=True)
class Difference:
    """`keys`: front matter keys that differ, besides `version`; `body`: a unified diff, empty where nothing changed."""

    keys: tuple[str, ...]
    body: str


def difference(old: Template, new: Template) -> Difference:
    """Compare two templates, each as its file stands now."""
    before, after = read_source(old.path), read_source(new.path)
    names = dict.fromkeys((*before.front, *after.front))
    keys = tuple(key for key in names if key != "version" and before.front.get(key) != after.front.get(key))
    lines = unified_diff(before.body.splitlines(), after.body.splitlines(), old.name, new.name, lineterm="")
    return Difference(keys=keys, body="\n".join(lines))


def release(library: Library, name: str, message: str, *, today: date | None = None) -> tuple[str, LockEntry]:
    """Release `agent-turn@2`, or the newest version of `agent-turn`; gives back the full name and the entry.

    Raises:
        PromptError: the version is released already or was changed since, does not pass the checks, or the message
            is empty.
    """
    if not message.strip():
        raise PromptError("a release needs a message: say what it is better at")
    # `get` refuses a released version that was changed.
    template = library.get(name if "@" in name else library.newest(name))
    lock = Lock.read(library.folder)
    if template.name in lock.entries:
        raise PromptError(f"{template.name} is released already: copy it to the next version number and change that")
    if problems := lint_file(template.path):
        more = f" ({len(problems) - 1} more: ausweis prompts lint)" if len(problems) > 1 else ""
        raise PromptError(f"{problems[0].message}{more}", place=problems[0].place)
    day = today or datetime.now(UTC).date()
    entry = LockEntry(sha256=template.sha256, message=message.strip(), released=day.isoformat())
    library.lock = lock.with_entry(template.name, entry)
    library.lock.write()
    return template.name, entry
