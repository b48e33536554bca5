"""The expressions and words of `patterns.toml`, by name."""

import re
import tomllib
from importlib.resources import files

_DATA = tomllib.loads(files("ausweis.reading").joinpath("patterns.toml").read_text("utf-8"))
COUNTS: dict[str, int] = {word: number for line in _DATA["counts"] for number, word in enumerate(line.split(), start=1)}
"""Small numbers as people write them."""
_PARTS: dict[str, str] = {**_DATA["parts"], "counted": "|".join(sorted(COUNTS, key=len, reverse=True))}


def pattern(name: str, *, words: bool = False, cased: bool = False) -> re.Pattern[str]:
    """An expression, or several of which one must fit; with `words`, each by itself between the edges of words."""
    entry = _DATA[name]
    each = [entry] if isinstance(entry, str) else entry
    joined = "|".join(rf"\b{one}\b" if words else one for one in each)
    while parts := set(re.findall(r"%(\w+)%", joined)):
        for part in parts:
            joined = joined.replace(f"%{part}%", _PARTS[part])
    return re.compile(joined, 0 if cased else re.IGNORECASE)


def words(name: str) -> list[str]:
    """A list of words."""
    return str(_PARTS.get(name) or _DATA[name]).replace("|", " ").split()
