"""What two runs over the same calls have in common."""

import json
from pathlib import Path
from typing import Any

from ausweis.batch import comparable

FILES = ("facts.jsonl", "verdicts.jsonl", "failures.jsonl")


def parts(folder: Path) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """The lines of each file in their order, those of verdicts without the effort; and what the manifest says."""
    lines = {name: (folder / name).read_text("utf-8").split("\n")[:-1] for name in FILES}
    lines["verdicts.jsonl"] = [comparable(line) for line in lines["verdicts.jsonl"]]
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    return lines, {name: manifest[name] for name in manifest if name not in ("started", "finished")}
