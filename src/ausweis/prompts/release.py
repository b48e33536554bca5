"""Releases a template version: its hash goes into the lock, and the file never changes."""

from datetime import UTC, date, datetime

from ausweis.errors import PromptError
from ausweis.prompts.library import Library, Lock, LockEntry
from ausweis.prompts.lint import lint_file

__all__ = ["release"]


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
