"""What a call says of an own word besides the line itself: what was asked before, what is likelier said in its place.

Each piece of evidence is a log-odds, a difference of two, or a sign of the text; how much each weighs is learned once
for all words together (`WordMatcher.weigh`), so that it holds for words that nobody has learned. Known labels are
weighed anew beside own words: what is a company's own disclosure is none of the known kinds.

What the model understood of a line is near to many things; `Schülernummer` in a question means the Schülernummer. So
words of a name and of a description that stand in the line count besides: by their stems, and within German compounds;
those that describe several of the policy's words count less.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from typing import NamedTuple

from ausweis.reading.chunks import Chunk
from ausweis.reading.dialogue import LATELY, LESS, NEVER, log_length, log_odds
from ausweis.reading.questions import ANSWERED, Question, as_written
from ausweis.reading.value_shapes import fits_of, shape_of
from ausweis.spoken import has_date, has_number
from ausweis.vocabulary import FACTORS, FactorRecord, OwnWord

__all__ = ["Piece", "WordOverlap", "mentions_of", "pieces"]

BESIDE: Mapping[str, tuple[str, ...]] = {
    "asks": ("explains", "accepts", "rejects"),
    "gives": ("agrees", "does not know", "new value", "for another"),
    "reads out": ("accepts", "rejects", "asks"),
    "tells": ("explains", "refuses", "asks", "reads out", "changes"),
    "changes": ("explains", "refuses", "asks", "tells"),
}
"""What else a line may do, which speaks for or against the verb."""
MOST = 9.0
"""No log-odds speak louder."""
NEAR = 4
"""So many lines back the caller's latest ones may be."""
FADING = 0.8
"""A mention counts so much less each line of the agent back."""

STEM, SHORTEST = 6, 4
"""Letters by which words are the same; letters of a word that counts."""
MOST_DESCRIBED = 3.0
"""So much the words of a description count at most."""
NAMED, DESCRIBED = 2.0, 0.5
"""What the name, and a word of the description that is this word's alone, count together."""
_WORD = re.compile(r"[^\W\d_]+")

Odds = Mapping[str, float]


class Piece(NamedTuple):
    """A line and a label that it may have; `own`: it is one of an own word."""

    place: int
    verb: str
    label: str
    own: bool
    evidence: tuple[float, ...]


class _Best(NamedTuple):
    """The likeliest label of a verb in a line, and how likely it and the next one are."""

    label: str
    first: float
    second: float

    def but(self, label: str | None) -> float:
        """The likeliest one that is not this label."""
        return self.second if label == self.label else self.first


class _Dialogue:
    """The lines of a call: the log-odds of their labels, and the latest lines of both before, the last one first.

    `given`: by label of an own word, the best that any line of the caller before had.
    """

    def __init__(self, chunks: Sequence[Chunk], odds: Sequence[Odds], labels: Sequence[Question]) -> None:
        self.chunks = chunks
        self.odds = odds
        self.agent: list[int] = []
        self.caller: list[int] = []
        self.given: dict[str, float] = {}
        self.numbers = [has_number(chunk.text) for chunk in chunks]
        self.names = {name for own in labels for name in (own.label, own.answered) if name}
        self.gives = [own.label for own in labels if own.verb == "gives"]
        words = list(dict.fromkeys(own.word for own in labels if own.word))
        self.words = {word.id: place for place, word in enumerate(words)}
        texts = [chunk.text for chunk in chunks]
        self.mentions = mentions_of(texts, words)
        self.fits = fits_of(texts, words)
        self.dates = [has_date(text) for text in texts]
        self._best = [
            {(verb, own): _likeliest(line, verb, self.names, own=own) for verb in BESIDE for own in (True, False)}
            | {(verb, True): _likeliest(line, verb, self.names, own=True) for verb in ANSWERED.values()}
            for line in odds
        ]
        answered = [own.answered for own in labels if own.answered]
        self._most = {label: nlargest(2, [line.get(label, NEVER) for line in odds]) for label in answered}

    def go_on(self, place: int) -> None:
        """The line is one of those before."""
        if self.chunks[place].speaker == "caller":
            self.caller = [place, *self.caller[: NEAR - 1]]
            for label in self.gives:
                value = self.of(place, label)
                self.given[label] = max(value, self.given.get(label, value))
        else:
            self.agent = [place, *self.agent[: LATELY - 1]]

    def of(self, place: int, label: str) -> float:
        return self.odds[place].get(label, NEVER)

    def own(self, place: int, verb: str, but: str | None = None) -> float:
        """The best that any own word has of a verb, but for this label."""
        return self._best[place][verb, True].but(but)

    def known(self, place: int, verb: str, but: str | None = None) -> float:
        """The best that any known label of a verb has, but for this one."""
        return self._best[place][verb, False].but(but)

    def elsewhere(self, place: int, answered: str) -> float:
        """How likely the likeliest other line answers the question."""
        first, *second = self._most[answered]
        return max(second, default=NEVER) if self.of(place, answered) == first else first

    def lately(self, asks: str) -> float:
        """How likely it is that the agent asked for it lately."""
        return _lately(self.agent, lambda line: self.of(line, asks))

    def other_asked(self, place: int, asks: str) -> float:
        """How likely it is that something else is asked for."""
        return max(self.own(place, "asks", but=asks), self.known(place, "asks"))

    def mentioned(self, place: int, word: str) -> float:
        """How far the line mentions a word."""
        return self.mentions[place][self.words[word]].both

    def rather(self, place: int, word: str) -> float:
        """The same against the own word that it mentions most beside it."""
        others = (mention.both for number, mention in enumerate(self.mentions[place]) if number != self.words[word])
        return self.mentioned(place, word) - max(others, default=0.0)

    def fits_rather(self, place: int, word: str) -> float:
        """Whether a value of the line has the shape of this word's, less whether one has that of another own word."""
        fits = self.fits[place]
        others = any(fit.fits for number, fit in enumerate(fits) if number != self.words[word])
        return float(fits[self.words[word]].fits) - others

    def alike(self, place: int, verb: str, word: OwnWord, *, alike: bool) -> float:
        """The likeliest known factor that looks like this one and proves as much, or that does not."""
        return _best(self.of(place, f"{verb} {record.label}") for record in _SAID if _looks(record, word) == alike)

    def next_of_caller(self, place: int) -> int | None:
        after = range(place + 1, min(place + 3, len(self.chunks)))
        return next((number for number in after if self.chunks[number].speaker == "caller"), None)


def _likeliest(line: Odds, verb: str, names: Collection[str], *, own: bool) -> _Best:
    ranked = sorted(
        ((value, label) for label, value in line.items() if label.startswith(f"{verb} ") and (label in names) == own),
        reverse=True,
    )
    (first, label), (second, _) = [*ranked, (NEVER, ""), (NEVER, "")][:2]
    return _Best(label, first, second)


_SAID = tuple(record for record in FACTORS.values() if record.looks_like)


def _looks(record: FactorRecord, word: OwnWord) -> bool:
    return (record.looks_like, record.strength) == (word.looks_like, word.strength)


def pieces(
    chunks: Sequence[Chunk], answers: Sequence[Mapping[str, float]], labels: Sequence[Question]
) -> Iterator[Piece]:
    """All lines with all labels of own words, and with the known labels of the same verbs."""
    odds = [{label: log_odds(probability) for label, probability in answer.items()} for answer in answers]
    dialogue = _Dialogue(chunks, odds, labels)
    for place, chunk in enumerate(chunks):
        for own in labels:
            if own.word is not None and chunk.speaker in own.speakers:
                evidence = _of_factor if own.word.is_factor else _of_category
                told = (*_of_line(dialogue, place, own), *evidence(dialogue, place, own, own.word))
                yield Piece(place, own.verb, own.label, True, _bounded(told))
        yield from _known(dialogue, place)
        dialogue.go_on(place)


def _of_line(dialogue: _Dialogue, place: int, own: Question) -> Iterator[float]:
    """What the line itself says."""
    does, verb = dialogue.of(place, own.label), dialogue.of(place, own.verb)
    known = dialogue.known(place, own.verb)
    yield does
    yield verb
    yield does - dialogue.own(place, own.verb, but=own.label)
    yield known
    yield min(does, verb)
    yield does - known
    for label in BESIDE[own.verb]:
        yield dialogue.of(place, label)
    yield log_length(dialogue.chunks[place].text)
    if own.answered is not None:
        answers = dialogue.of(place, own.answered)
        yield answers
        yield answers - dialogue.own(place, ANSWERED[own.verb], but=own.answered)
        yield answers - dialogue.elsewhere(place, own.answered)


def _of_factor(dialogue: _Dialogue, place: int, own: Question, word: OwnWord) -> Iterator[float]:
    """How its value looks, what mentions it, what was asked before, and what is said next."""
    yield from _of_value(dialogue, place, word)
    yield from _of_mentions(dialogue, place, own, word)
    yield from _of_question(dialogue, place, own, word)


def _of_value(dialogue: _Dialogue, place: int, word: OwnWord) -> Iterator[float]:
    """Whether what the line says looks like its value."""
    number, digits = dialogue.numbers[place], word.looks_like != "words"
    yield float(digits and number)
    yield float(digits and not number)
    yield float(number and not digits)
    yield float(word.strength == "strong")
    fit = dialogue.fits[place][dialogue.words[word.id]]
    yield float(fit.fits)
    yield float(fit.short)
    yield float(fit.differs)
    yield float(fit.prefix)
    yield dialogue.fits_rather(place, word.id)
    yield float(shape_of(word).known)
    date = word.looks_like == "date"
    yield float(date and dialogue.dates[place])
    yield float(dialogue.dates[place] and not date)


def _of_mentions(dialogue: _Dialogue, place: int, own: Question, word: OwnWord) -> Iterator[float]:
    """How far the line and the agent's latest ones mention it, and how likely a known factor is instead."""
    agent = dialogue.agent
    mention = dialogue.mentions[place][dialogue.words[word.id]]
    yield mention.name
    yield mention.description
    yield dialogue.rather(place, word.id)
    yield dialogue.alike(place, own.verb, word, alike=True)
    yield dialogue.alike(place, own.verb, word, alike=False)
    yield dialogue.mentioned(agent[0], word.id) if agent else 0.0
    yield dialogue.rather(agent[0], word.id) if agent else 0.0
    yield max((dialogue.mentioned(line, word.id) * FADING**back for back, line in enumerate(agent)), default=0.0)


def _of_question(dialogue: _Dialogue, place: int, own: Question, word: OwnWord) -> Iterator[float]:
    """Whether it was asked for or given before, and, of the agent's lines, whether the caller gives it next."""
    agent, caller = dialogue.agent, dialogue.caller
    asks, gives = f"asks {as_written(word)}", f"gives {as_written(word)}"
    asked = dialogue.of(agent[0], asks) if agent else NEVER
    lately = dialogue.lately(asks)
    just = [line for line in agent if line >= place - 2]
    yield asked
    yield lately
    yield asked - _best(dialogue.other_asked(line, asks) for line in just)
    yield lately - _lately(agent, lambda line: dialogue.other_asked(line, asks))
    yield _best(dialogue.of(line, gives) for line in caller if line >= place - NEAR)
    yield dialogue.given.get(gives, NEVER)
    verb = dialogue.of(place, own.verb)
    yield min(verb, asked)
    yield min(verb, lately)
    yield min(dialogue.of(place, own.label), lately)
    answer = None if own.verb == "gives" else dialogue.next_of_caller(place)
    yield 0.0 if answer is None else dialogue.fits_rather(answer, word.id)
    yield NEVER if answer is None else dialogue.of(answer, gives)
    yield NEVER if answer is None else dialogue.of(answer, "gives")


def _of_category(dialogue: _Dialogue, place: int, own: Question, word: OwnWord) -> Iterator[float]:
    """Whether the agent has done it just before, and what the caller has said."""
    before = [line for line in dialogue.caller if line >= place - 2]
    yield _best(dialogue.of(line, own.label) for line in dialogue.agent[:3])
    yield _best(dialogue.own(line, "gives") for line in before)
    yield _best(dialogue.of(line, "gives") for line in before)


def _known(dialogue: _Dialogue, place: int) -> Iterator[Piece]:
    """Known labels beside the own words of the same verb."""
    agent = dialogue.agent
    lately = _lately(agent, lambda line: dialogue.own(line, "asks"))
    for verb in BESIDE:
        best = dialogue.own(place, verb)
        for label, value in dialogue.odds[place].items():
            if label.startswith(f"{verb} ") and label not in dialogue.names:
                asks = f"asks {label.removeprefix(f'{verb} ')}"
                asked = dialogue.lately(asks) if verb == "gives" else NEVER
                rival = lately if verb == "gives" else NEVER
                whole = dialogue.of(place, verb)
                told = (value, whole, best, value - best, value - dialogue.known(place, verb, but=label))
                size = log_length(dialogue.chunks[place].text)
                more = (rival, asked, asked - rival, min(best, whole), size)
                yield Piece(place, verb, label, False, _bounded((*told, *more)))


def _lately(agent: Sequence[int], asked: Callable[[int], float]) -> float:
    """The best of the agent's latest lines, each line back counting a little less."""
    return _best(asked(line) - LESS * back for back, line in enumerate(agent))


def _best(odds: Iterable[float]) -> float:
    return max(odds, default=NEVER)


def _bounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(min(max(value, -MOST), MOST) for value in values)


class WordOverlap(NamedTuple):
    """`name`: the share of the name's words that stand in the line; `description`: words of it, rare ones count 1."""

    name: float
    description: float

    @property
    def both(self) -> float:
        """Both together."""
        return NAMED * self.name + DESCRIBED * self.description


def mentions_of(lines: Sequence[str], words: Sequence[OwnWord]) -> list[list[WordOverlap]]:
    """Of each line, how far it mentions each word."""
    names = [_stems(word.name) for word in words]
    described = [_stems(word.description) - name for word, name in zip(words, names, strict=True)]
    often = Counter(stem for stems in described for stem in stems)
    return [
        [
            WordOverlap(
                _share(name, said),
                min(MOST_DESCRIBED, sum(1 / often[stem] for stem in stems if _stands(stem, said))),
            )
            for name, stems in zip(names, described, strict=True)
        ]
        for said in map(_long_words, lines)
    ]


def _share(stems: frozenset[str], said: frozenset[str]) -> float:
    return sum(_stands(stem, said) for stem in stems) / len(stems) if stems else 0.0


def _stands(stem: str, said: frozenset[str]) -> bool:
    """Whether it begins a word, or stands within one as part of a compound."""
    return any(word.startswith(stem) or (len(stem) == STEM and stem in word) for word in said)


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM] for word in _long_words(text))


def _long_words(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(text.lower()) if len(word) >= SHORTEST)
