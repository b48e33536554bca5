"""What changed between two template versions."""

from dataclasses import dataclass
from difflib import unified_diff

from ausweis.prompts.source import read_source
from ausweis.prompts.template import Template

__all__ = ["Difference", "difference"]


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
