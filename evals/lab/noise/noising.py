"""A labelled call as a recogniser would have heard it, by a noise model. The same seed gives the same call.

Words are misheard, lost, split and joined as often as they were, and errors follow each other as they did. A word that
was counted often gets what was heard for it; another one a word that sounds as far from it as misheard words do, among
those that were ever heard, or letters that were heard for its own.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evals.lab.noise.moving import Link, Moved, moved
from evals.lab.noise.noise_model import Counts, Lexicon, Noise, length_class
from evals.lab.noise.noisy_numbers import NoisyNumbers
from evals.lab.noise.noisy_words import NoisyWords, drawn
from evals.lab.noise.words import digits_of, has_letters, mark_of, plain
from evals.lab.spoken.saying import words_of

from ausweis.calls.call import Turn
from ausweis.evals.labelled import LabelledCall
from ausweis.vocabulary import Speaker

__all__ = ["noised"]


@dataclass(frozen=True)
class _Word:
    """A word as the recogniser writes it.

    `of`: the turns of the written words that it stands for, each with whether that word is a number; `mark`: what the
    written call has behind them.
    """

    text: str
    of: tuple[tuple[int, bool], ...] = ()
    mark: str = ""
    number: bool = False


@dataclass
class _Turn:
    speaker: Speaker
    words: list[_Word]


def noised(labelled: LabelledCall, noise: Noise, lexicon: Lexicon, seed: int, name: str = "noised") -> Moved:
    """The call as heard, its gold events at the turns in which their words stand."""
    chance = random.Random(f"{seed} {labelled.call.id}")  # noqa: S311
    writer = _Writer(noise, NoisyWords(noise, lexicon, chance, cased=labelled.gold.tags.surface == "clean"), chance)
    turns: list[_Turn] = []
    numbers = set()
    for place, turn in enumerate(labelled.call.turns, start=1):
        words = [word for word in words_of(turn.text).split() if has_letters(word)]
        if any(map(digits_of, words)):
            numbers.add(place)
        heard = writer.turn(place, words)
        if heard:
            turns.append(_Turn(turn.speaker, heard))
    joined = _joined(_crossed(turns, noise, chance))
    links = [
        Link(written, place, number, word.number)
        for place, turn in enumerate(joined, start=1)
        for word in turn.words
        for written, number in word.of
    ]
    texts = [Turn(speaker=turn.speaker, text=" ".join(word.text for word in turn.words)) for turn in joined]
    return moved(labelled, texts, links, numbers, name)


class _Writer:
    """Writes turn by turn."""

    def __init__(self, noise: Noise, words: NoisyWords, chance: random.Random) -> None:
        self._noise, self._words, self._chance = noise, words, chance
        self._numbers = NoisyNumbers(noise.numbers, chance)
        self._added = noise.added
        self._often = sum(noise.added.values()) / max(noise.said, 1)

    def turn(self, number: int, words: Sequence[str]) -> list[_Word]:
        """What is heard of a turn; nothing where it is lost."""
        counts = self._noise.turns.get(length_class(len(words)), {})
        if not words or drawn(counts, self._chance) == "lost":
            return []
        heard = [word for part in _parts(words) for word in self._part(number, part)]
        return self._marked(heard)

    def _part(self, number: int, words: Sequence[str]) -> Iterator[_Word]:
        if digits_of(words[0]) and (written := self._numbers.write(words)) is not None:
            for text, places in written:
                if text:
                    of = tuple((number, True) for _ in places)
                    yield _Word(text, of, mark_of(words[places[-1]]), number=any(map(str.isdigit, text)))
            return
        for text, places in self._words.write(words):
            of = tuple((number, bool(digits_of(words[place]))) for place in places)
            mark = mark_of(words[places[-1]]) if places else ""
            parts = text.split()
            for place, part in enumerate(parts, start=1):
                yield _Word(part, of, mark * (place == len(parts)), number=bool(digits_of(part)))
            if self._added and self._chance.random() < self._often:
                yield _Word(drawn(self._added, self._chance))

    def _marked(self, words: Sequence[_Word]) -> list[_Word]:
        """With marks and capitals."""
        marked: list[_Word] = []
        begins = True
        for place, word in enumerate(words, start=1):
            after = plain(words[place].text) if place < len(words) else None
            mark = drawn(self._marks(word.mark, after), self._chance)
            text = word.text[:1].upper() + word.text[1:] if begins else word.text
            if text[-1:] in ".,":
                mark = "" if place < len(words) or text.endswith(".") else mark
                text = text.rstrip(",") if mark else text
            marked.append(replace(word, text=text + mark))
            begins = marked[-1].text[-1:] in ".?!" and not word.number
        return marked

    def _marks(self, mark: str, after: str | None) -> Counts:
        """What may stand behind a word, before another one or at the end."""
        noise, end = self._noise, "|" * (after is None)
        before = noise.before.get(after or "") if not mark else None
        return before or noise.marks.get(mark + end) or noise.marks.get(end) or {mark: 1}


def _parts(words: Sequence[str]) -> Iterator[list[str]]:
    """Number words that follow each other, and other words that do."""
    part: list[str] = []
    for word in words:
        if part and bool(digits_of(word)) != bool(digits_of(part[-1])):
            yield part
            part = []
        part.append(word)
    if part:
        yield part


def _crossed(turns: Sequence[_Turn], noise: Noise, chance: random.Random) -> list[_Turn]:
    """Some turns end after the next one has begun: their last words stand behind it."""
    found: list[_Turn] = []
    rest: _Turn | None = None
    for place, turn in enumerate(turns):
        follows = place + 1 < len(turns) and turns[place + 1].speaker != turn.speaker
        held = 0
        if follows and rest is None and drawn(noise.turns.get(length_class(len(turn.words)), {}), chance) == "crossed":
            held = min(int(drawn(noise.held, chance) or 0), len(turn.words) - 1)
        found.append(_Turn(turn.speaker, turn.words[: len(turn.words) - held]))
        if rest is not None:
            found.append(rest)
        rest = _Turn(turn.speaker, turn.words[len(turn.words) - held :]) if held else None
    return found


def _joined(turns: Iterable[_Turn]) -> list[_Turn]:
    """What one side says until the other begins is one turn."""
    joined: list[_Turn] = []
    for turn in turns:
        if joined and joined[-1].speaker == turn.speaker:
            joined[-1].words.extend(turn.words)
        else:
            joined.append(_Turn(turn.speaker, list(turn.words)))
    return joined
