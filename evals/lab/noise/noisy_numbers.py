"""Numbers as a recogniser writes them, drawn from a noise model."""

import random
from collections.abc import Sequence

from evals.lab.noise.noise_model import NumberNoise, length_class
from evals.lab.noise.noisy_words import Written, drawn
from evals.lab.noise.words import digits_of, is_ordinal

__all__ = ["NoisyNumbers"]

DIGITS = "0123456789"


class NoisyNumbers:
    """Writes number words that follow each other."""

    def __init__(self, noise: NumberNoise, chance: random.Random) -> None:
        self._noise, self._chance = noise, chance

    def write(self, words: Sequence[str]) -> list[Written] | None:
        """What is written for them; None where they are written as words, or heard as other words."""
        style = self._noise.written.get(length_class(len(words))) or {"digits": 1}
        alone = len(words) == 1 and drawn(self._noise.fates, self._chance) == "words"
        if alone or drawn(style, self._chance) == "words":
            return None
        parts: list[tuple[str, str]] = []
        for word in words:
            digits, ordinal = self._wrong(digits_of(word)), is_ordinal(word)
            dot = ordinal and drawn(self._noise.ordinals, self._chance) == "dot"
            parts.append((digits + "." * (dot and bool(digits)), " " if ordinal else self._between()))
        return _written(parts)

    def _between(self) -> str:
        return drawn(self._noise.between, self._chance) if self._noise.between else " "

    def _wrong(self, digits: str) -> str:
        fate, chance = drawn(self._noise.fates, self._chance), self._chance
        place = chance.randrange(len(digits))
        if fate == "lost":
            return ""
        if fate == "changed":
            return digits[:place] + chance.choice(DIGITS.replace(digits[place], "")) + digits[place + 1 :]
        if fate == "shorter":
            return digits[:place] + digits[place + 1 :]
        if fate == "longer":
            return digits[:place] + chance.choice(DIGITS) + digits[place:]
        return digits


def _written(parts: Sequence[tuple[str, str]]) -> list[Written]:
    """Words of digits: those with a blank between them are two."""
    written: list[Written] = []
    text, places = "", []
    for place, (digits, between) in enumerate(parts):
        text += digits
        places.append(place)
        mark, blank, _ = between.partition(" ")
        last = place + 1 == len(parts)
        if (blank or last or digits.endswith(".")) and text:
            written.append((text + (mark if blank and not last else ""), tuple(places)))
            text, places = "", []
        elif text and digits and not last:
            text += mark
    if places and written:
        written[-1] = (written[-1][0], (*written[-1][1], *places))
    return written
