"""How far a line mentions an own word by name: words of its name and of its description that stand in the line.

What the model understood of a line is near to many things; `Schülernummer` in a question means the Schülernummer. Words
count by their stems, and within German compounds; those that describe several of the policy's words count less.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ausweis.vocabulary import OwnWord

__all__ = ["Mention", "mentions_of"]

STEM, SHORTEST = 6, 4
"""Letters by which words are the same; letters of a word that counts."""
MOST = 3.0
"""So much the words of a description count at most."""
NAMED, DESCRIBED = 2.0, 0.5
"""What the name, and a word of the description that is this word's alone, count together."""
_WORD = re.compile(r"[^\W\d_]+")


class Mention(NamedTuple):
    """`name`: the share of the name's words that stand in the line; `description`: words of it, rare ones count 1."""

    name: float
    description: float

    @property
    def both(self) -> float:
        """Both together."""
        return NAMED * self.name + DESCRIBED * self.description


def mentions_of(lines: Sequence[str], words: Sequence[OwnWord]) -> list[list[Mention]]:
    """Of each line, how far it mentions each word."""
    names = [_stems(word.name) for word in words]
    described = [_stems(word.description) - name for word, name in zip(words, names, strict=True)]
    often = Counter(stem for stems in described for stem in stems)
    return [
        [
            Mention(
                _share(name, said),
                min(MOST, sum(1 / often[stem] for stem in stems if _stands(stem, said))),
            )
            for name, stems in zip(names, described, strict=True)
        ]
        for said in map(_words, lines)
    ]


def _share(stems: frozenset[str], said: frozenset[str]) -> float:
    return sum(_stands(stem, said) for stem in stems) / len(stems) if stems else 0.0


def _stands(stem: str, said: frozenset[str]) -> bool:
    """Whether it begins a word, or stands within one as part of a compound."""
    return any(word.startswith(stem) or (len(stem) == STEM and stem in word) for word in said)


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in _words(text))


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(text.lower()) if len(word) >= SHORTEST)
