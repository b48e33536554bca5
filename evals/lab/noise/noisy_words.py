"""Words as a recogniser writes them, drawn from a noise model."""

import random
from collections.abc import Iterator, Mapping, Sequence

from evals.lab.noise.noise_model import AS_SAID, Counts, Lexicon, Noise, word_class
from evals.lab.noise.words import core_of, distance, plain, sound_of

__all__ = ["NoisyWords", "drawn"]

CANDIDATES = 5
"""Words that are about as far from a word as a misheard one; one of them is taken."""
LETTERS_LONGER = 3
SHORTEST_HALF = 2
CLOSE = 0.15
"""So far beside the wanted distance a word may be."""

Written = tuple[str, tuple[int, ...]]
"""What is written, and the places of the words that it stands for."""


def drawn(counts: Mapping[str, int], chance: random.Random) -> str:
    """One of what was counted, as often as it was; nothing from no counts."""
    return chance.choices(list(counts), list(counts.values()))[0] if counts else ""


class NoisyWords:
    """Writes words; with `cased`, the written capitals are right ones."""

    def __init__(self, noise: Noise, lexicon: Lexicon, chance: random.Random, *, cased: bool) -> None:
        self._noise, self._lexicon, self._chance, self._cased = noise, lexicon, chance, cased
        self._sounds = _by_length(lexicon)

    def write(self, words: Sequence[str]) -> Iterator[Written]:
        """What is heard of words of a turn; a word that is lost is passed over."""
        unsure, place = False, 0
        while place < len(words):
            fate, text = self._fate(words[place], unsure=unsure)
            last = place + 1
            if fate == "joined" and last < len(words):
                last += 1
                text = self._joined(words[place:last])
            elif fate != "heard" and not text:
                text = self._misheard(words[place], "misheard" if fate == "joined" else fate)
            if fate != "lost":
                yield text or self._form(words[place]), tuple(range(place, last))
            unsure, place = fate != "heard", last

    def _fate(self, word: str, *, unsure: bool) -> tuple[str, str]:
        """What becomes of a word, and what is written for it where that was counted."""
        noise, bare = self._noise, plain(word)
        if bare in noise.words:
            text = drawn(noise.words[bare], self._chance)
            return ("heard", "") if text == AS_SAID else ("misheard", text) if text else ("lost", "")
        key = word_class(bare, self._lexicon.get(bare, ("", 0))[1])
        counts: Counts = (noise.fates.get(key + "+") if unsure else None) or noise.fates.get(key) or {}
        return drawn(counts, self._chance) or "heard", ""

    def _misheard(self, word: str, fate: str) -> str:
        bare, chance = plain(word), self._chance
        if fate == "lost":
            return ""
        apart = int(drawn(self._noise.distances.get(fate, {}), chance) or 3) / 10
        if fate == "split" and len(bare) >= 2 * SHORTEST_HALF:
            return self._split(bare, apart)
        if drawn(self._noise.unknown, chance) == "yes":
            changed = "".join(drawn(self._noise.letters.get(letter, {letter: 1}), chance) for letter in bare)
            if changed and changed != bare:
                return self._form(changed)
        return self._similar(sound_of(bare), apart) or word

    def _split(self, bare: str, apart: float) -> str:
        """Where two known words come nearest to it."""
        halves = [
            (self._nearest(bare[:cut]), self._nearest(bare[cut:]))
            for cut in range(SHORTEST_HALF, len(bare) - SHORTEST_HALF + 1)
        ]
        known = [(abs(one[0] + other[0] - 2 * apart), f"{one[1]} {other[1]}") for one, other in halves]
        return min(known)[1]

    def _nearest(self, part: str) -> tuple[float, str]:
        sound = sound_of(part)
        return min(((far, form) for far, form in self._like(sound, 1)), default=(1.0, part))

    def _joined(self, words: Sequence[str]) -> str:
        """Two words in one."""
        both = "".join(map(plain, words))
        counted = self._noise.words.get(" ".join(map(plain, words)))
        if counted:
            return drawn(counted, self._chance).replace(AS_SAID, "") or self._form(both)
        apart = int(drawn(self._noise.distances.get("joined", {}), self._chance) or 2) / 10
        return self._similar(sound_of(both), apart) or self._form(both)

    def _similar(self, sound: str, apart: float) -> str:
        """A word that was heard and sounds about so far from it; nothing where there is none."""
        ranked = sorted((abs(far - apart), form) for far, form in self._like(sound, LETTERS_LONGER) if far)
        close = [form for off, form in ranked[:CANDIDATES] if off <= CLOSE]
        return self._chance.choice(close) if close else ""

    def _like(self, sound: str, most: int) -> Iterator[tuple[float, str]]:
        """Words of about its length, with how far they are from it."""
        for length in range(len(sound) - most, len(sound) + most + 1):
            yield from ((distance(sound, other), form) for other, form in self._sounds.get(length, ()))

    def _form(self, word: str) -> str:
        """A word in the spelling that is usual; one that was never heard with a capital as often as such words."""
        bare, core = plain(word), core_of(word)
        if self._cased and core != core.lower():
            return core
        form = self._lexicon.get(bare)
        if form is not None:
            return form[0]
        return core[:1].upper() + core[1:] if drawn(self._noise.capitals, self._chance) == "yes" else core


def _by_length(lexicon: Lexicon) -> dict[int, list[tuple[str, str]]]:
    """The sounds of all words that were heard, by their length, each with what is written for it."""
    found: dict[int, list[tuple[str, str]]] = {}
    for bare, (form, heard) in lexicon.items():
        if heard:
            sound = sound_of(bare)
            found.setdefault(len(sound), []).append((sound, form))
    return found
