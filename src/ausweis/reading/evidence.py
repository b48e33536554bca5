"""How likely a label is from all that a call says: the line itself, what was asked before, what is likelier instead.

An answer belongs to a question: `Eins acht null vier` alone may be anything; after `Ihre PIN, bitte?` it is a PIN, and
so is the next piece of it (`pairs`). What a line says of a policy's own word is weighed with that, and known labels
anew beside it: what is a company's own disclosure is none of the known kinds (`pieces`). Each piece of evidence is a
log-odds, a difference of two, or a sign of the text. How much each weighs is learned once for all factors, and once for
all own words together, so that it holds for rare ones and for those that nobody has learned.

What the model understood of a line is near to many things; `Schülernummer` in a question means the Schülernummer. So
words of a name and of a description that stand in the line count besides: by their stems, and within German compounds;
those that describe several of the policy's words count less.
"""

import math
import re
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import nlargest
from typing import NamedTuple

from ausweis.engines.heads import probability_of
from ausweis.reading.chunks import Chunk
from ausweis.reading.plain_words import DECLINED, DECLINES, DENIED, DENIES, NAMED, SENDS, named
from ausweis.reading.questions import ANSWERED, Question, as_written
from ausweis.reading.value_shapes import Shape, fits_of, shape_of
from ausweis.spoken import has_date, has_number
from ausweis.vocabulary import FACTORS, OwnWord

EVIDENCE = (
    "the line gives it",
    "the line gives anything",
    "the line gives it rather than another",
    "the lesser of the first two",
    "the agent's line before asks for it",
    "a line of the agent asked for it lately",
    "one of the caller's latest lines gave it",
    "any of the caller's lines before gave it",
    "the agent's lines just before ask for it rather than for another",
    "the line gives anything, and the agent's line before asks for it",
    "the line gives anything, and a line of the agent asked for it lately",
    "a line of the agent asked for it lately, rather than for another",
    "the line gives it, and a line of the agent asked for it lately",
)
"""What speaks for a factor, each a log-odds or a difference of two; of two that must both hold the lesser one."""

GIVES, ASKS, NAME, REFUSES, REJECTS = "gives ", "asks ", "gives name", "refuses", "rejects"
AGAIN = 2.5
"""Log-odds by which the answer after a rejected one is likelier rejected than its line says: half of them are."""
SENT = 3.0
"""Log-odds by which a line that sends something is less likely a change while a code is waited for."""
NEVER = -7.0
"""Log-odds of what is not there; probabilities are bounded accordingly."""
LATELY = 6
"""So many of the agent's lines back a question may be."""
LESS = 0.5
"""Each line back counts so much less."""
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
NAMED_IN_FULL, DESCRIBED = 2.0, 0.5
"""What the name, and a word of the description that is this word's alone, count together."""
_WORD = re.compile(r"[^\W\d_]+")
_SAID = tuple(record for record in FACTORS.values() if record.looks_like)

Odds = Mapping[str, float]


def log_length(text: str) -> float:
    """How long a line is, as evidence: about 1 for a sentence."""
    return math.log1p(len(text)) / 3


def log_odds(probability: float) -> float:
    """Within what `NEVER` allows."""
    least = probability_of(NEVER)
    bounded = min(max(probability, least), 1 - least)
    return math.log(bounded / (1 - bounded))


def _odds(answers: Iterable[Mapping[str, float]]) -> list[dict[str, float]]:
    return [{label: log_odds(probability) for label, probability in answer.items()} for answer in answers]


def _best(odds: Iterable[float]) -> float:
    return max(odds, default=NEVER)


def _lately(agent: Iterable[int], asked: Callable[[int], float]) -> float:
    """The best of the agent's latest lines, each line back counting a little less."""
    return _best(asked(line) - LESS * back for back, line in enumerate(agent))


class Pair(NamedTuple):
    """A line of the caller and a label that it may have; `evidence` in the order of `EVIDENCE`."""

    place: int
    label: str
    evidence: tuple[float, ...]


def pairs(chunks: Sequence[Chunk], answers: Sequence[Mapping[str, float]]) -> Iterator[Pair]:
    """All lines of the caller with all factors. `answers`: for each chunk the probability of each label."""
    odds = _odds(answers)
    agent: deque[int] = deque(maxlen=LATELY)
    given: dict[str, float] = {}
    for place, chunk in enumerate(chunks):
        if chunk.speaker == "caller":
            callers = [number for number in range(max(0, place - 4), place) if chunks[number].speaker == "caller"]
            for label in odds[place]:
                if label.startswith(GIVES):
                    gave = _best(odds[number].get(label, NEVER) for number in callers), given.get(label, NEVER)
                    yield Pair(place, label, tuple(_of_pair(odds, place, label, agent, gave)))
            for label, value in odds[place].items():
                given[label] = max(value, given.get(label, value))
        elif chunk.speaker == "agent":
            agent.appendleft(place)


def _of_pair(
    odds: Sequence[Odds], place: int, label: str, agent: Sequence[int], gave: tuple[float, float]
) -> Iterator[float]:
    own, asks = odds[place], ASKS + label.removeprefix(GIVES)
    gives = own.get(GIVES.strip(), NEVER)
    asked = odds[agent[0]].get(asks, NEVER) if agent else NEVER
    lately = _lately(agent, lambda line: odds[line].get(asks, NEVER))
    rivals = [
        (line, odds[line][rival], LESS * back)
        for back, line in enumerate(agent)
        for rival in odds[line]
        if rival.startswith(ASKS) and rival != asks
    ]
    yield from (own[label], gives)
    yield own[label] - _best(own[another] for another in own if another.startswith(GIVES) and another != label)
    yield from (min(own[label], gives), asked, lately, *gave)
    yield asked - _best(value for line, value, _ in rivals if line >= place - 2)
    yield from (min(gives, asked), min(gives, lately))
    yield lately - _best(value - less for _, value, less in rivals)
    yield min(own[label], lately)


def weighed(
    chunks: Sequence[Chunk], answers: Sequence[Mapping[str, float]], weights: Sequence[float]
) -> list[dict[str, float]]:
    """The answers, with the probability of each factor from all evidence; the last of the `weights` is the bias.

    Without weights, that the agent takes up a name and plain words of refusal are all the evidence there is.

    Raises:
        EngineError: a weight is NaN, as in a broken file.
    """
    weighted = [dict(answer) for answer in answers]
    for place, label, evidence in pairs(chunks, answers) if weights else ():
        score = sum(weight * one for weight, one in zip(weights, (*evidence, 1.0), strict=True))
        weighted[place][label] = probability_of(score)
    for place in named(chunks):
        for label in (GIVES.strip(), NAME):
            if label in weighted[place]:
                weighted[place][label] = max(weighted[place][label], NAMED)
    for answer, chunk in zip(weighted, chunks, strict=True):
        if REFUSES in answer and DECLINES.search(chunk.text):
            answer[REFUSES] = max(answer[REFUSES], DECLINED)
    _answer_again(chunks, weighted)
    _code_sent(chunks, weighted)
    return weighted


def _answer_again(chunks: Sequence[Chunk], weighted: Sequence[dict[str, float]]) -> None:
    """Tell rejections anew where the caller answers after one: of answers again half are wrong.

    A line that denies anything there rejects the answer, unless it accepts it, or refuses a request.
    """
    rejected = given = 0.0
    for answer, chunk in zip(weighted, chunks, strict=True):
        if chunk.speaker == "caller":
            factors = (chance for label, chance in answer.items() if label.startswith(GIVES) and label != NAME)
            given = max(given, rejected * max(factors, default=0.0))
        elif REJECTS in answer:
            likelier = max(
                probability_of(log_odds(answer[REJECTS]) + AGAIN), DENIED * (DENIES.search(chunk.text) is not None)
            )
            likelier *= (1 - answer.get("accepts", 0.0)) * (1 - answer.get(REFUSES, 0.0))
            answer[REJECTS] += given * max(0.0, likelier - answer[REJECTS])
            rejected, given = max(rejected, answer[REJECTS]), 0.0


def _code_sent(chunks: Sequence[Chunk], weighted: Sequence[dict[str, float]]) -> None:
    """Tell changes anew while a one-time code is waited for: what is sent then is the code, as a rule."""
    awaited = 0.0
    for answer, chunk in zip(weighted, chunks, strict=True):
        if chunk.speaker == "caller":
            awaited *= 1 - answer.get(f"{GIVES}one time code", 0.0)
            continue
        awaited = max(FADING * awaited, answer.get(f"{ASKS}one time code", 0.0))
        for label in answer if SENDS.search(chunk.text) else ():
            if label.startswith("changes"):
                answer[label] -= awaited * (answer[label] - probability_of(log_odds(answer[label]) - SENT))


class Piece(NamedTuple):
    """A line and a label that it may have; `own`: it is one of an own word."""

    place: int
    verb: str
    label: str
    own: bool
    evidence: tuple[float, ...]


def pieces(
    chunks: Sequence[Chunk], answers: Sequence[Mapping[str, float]], labels: Sequence[Question]
) -> Iterator[Piece]:
    """All lines with all labels of own words, and with the known labels of the same verbs."""
    dialogue = _Dialogue(chunks, _odds(answers), labels)
    for place, chunk in enumerate(chunks):
        for own in labels:
            if own.word is not None and chunk.speaker in own.speakers:
                evidence = (_of_value, _of_mentions, _of_question) if own.word.is_factor else (_of_category,)
                told = [*_of_line(dialogue, place, own)]
                for of in evidence:
                    told += of(dialogue, place, own, own.word)
                yield Piece(place, own.verb, own.label, True, _bounded(told))
        yield from _known(dialogue, place)
        dialogue.go_on(place)


def _bounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(min(max(value, -MOST), MOST) for value in values)


class _Dialogue:
    """The lines of a call: the log-odds of their labels, and the latest lines of both before, the last one first.

    `given`: by label of an own word, the best that any line of the caller before had. `words`: own words by id, each
    with its place in the rows of `mentions` and `fits`.
    """

    def __init__(self, chunks: Sequence[Chunk], odds: Sequence[Odds], labels: Sequence[Question]) -> None:
        self.chunks, self.odds = chunks, odds
        self.agent: list[int] = []
        self.caller: list[int] = []
        self.given: dict[str, float] = {}
        self.names = {name for own in labels for name in (own.label, own.answered) if name}
        self.gives = [own.label for own in labels if own.verb == "gives"]
        words = list(dict.fromkeys(own.word for own in labels if own.word))
        self.words = {word.id: place for place, word in enumerate(words)}
        texts = [chunk.text for chunk in chunks]
        self.numbers, self.dates = list(map(has_number, texts)), list(map(has_date, texts))
        self.mentions, self.fits = mentions_of(texts, words), fits_of(texts, words)
        self._best = [
            {(verb, own): _ranked(line, verb, self.names, own=own) for verb in BESIDE for own in (True, False)}
            | {(verb, True): _ranked(line, verb, self.names, own=True) for verb in ANSWERED.values()}
            for line in odds
        ]
        answered = [own.answered for own in labels if own.answered]
        self._most = {label: nlargest(2, [line.get(label, NEVER) for line in odds]) for label in answered}

    def go_on(self, place: int) -> None:
        """The line is one of those before."""
        if self.chunks[place].speaker == "agent":
            self.agent = [place, *self.agent[: LATELY - 1]]
            return
        self.caller = [place, *self.caller[: NEAR - 1]]
        for label in self.gives:
            value = self.of(place, label)
            self.given[label] = max(value, self.given.get(label, value))

    def of(self, place: int, label: str) -> float:
        return self.odds[place].get(label, NEVER)

    def best(self, place: int, verb: str, *, own: bool, but: str | None = None) -> float:
        """The best that any own word, or any known label, has of a verb, but for this label."""
        (first, label), (second, _) = self._best[place][verb, own]
        return second if label == but else first

    def elsewhere(self, place: int, answered: str) -> float:
        """How likely the likeliest other line answers the question."""
        first, *second = self._most[answered]
        return max(second, default=NEVER) if self.of(place, answered) == first else first

    def other_asked(self, place: int, asks: str) -> float:
        """How likely it is that something else is asked for."""
        return max(self.best(place, "asks", own=True, but=asks), self.best(place, "asks", own=False))

    def mentioned(self, place: int, word: str) -> tuple[float, float]:
        """How far the line mentions a word; and against the own word that it mentions most beside it."""
        each = [mention.both for mention in self.mentions[place]]
        mine = each.pop(self.words[word])
        return mine, mine - max(each, default=0.0)

    def fits_rather(self, place: int, word: str) -> float:
        """Whether a value of the line has the shape of this word's, less whether one has that of another own word."""
        fits = [fit.fits for fit in self.fits[place]]
        mine = fits.pop(self.words[word])
        return float(mine) - any(fits)


def _ranked(line: Odds, verb: str, names: Collection[str], *, own: bool) -> list[tuple[float, str]]:
    """The two likeliest labels of a verb in a line, with their log-odds."""
    labels = (label for label in line if label.startswith(f"{verb} ") and (label in names) == own)
    return [*sorted(((line[label], label) for label in labels), reverse=True), (NEVER, ""), (NEVER, "")][:2]


def _of_line(dialogue: _Dialogue, place: int, own: Question) -> Iterator[float]:
    """What the line itself says."""
    does, verb = dialogue.of(place, own.label), dialogue.of(place, own.verb)
    known = dialogue.best(place, own.verb, own=False)
    yield from (does, verb, does - dialogue.best(place, own.verb, own=True, but=own.label))
    yield from (known, min(does, verb), does - known)
    yield from (dialogue.of(place, label) for label in BESIDE[own.verb])
    yield log_length(dialogue.chunks[place].text)
    if own.answered is not None:
        answers = dialogue.of(place, own.answered)
        yield from (answers, answers - dialogue.best(place, ANSWERED[own.verb], own=True, but=own.answered))
        yield answers - dialogue.elsewhere(place, own.answered)


def _of_value(dialogue: _Dialogue, place: int, own: Question, word: OwnWord) -> Iterator[float]:
    """Whether what the line says looks like its value."""
    number, digits = dialogue.numbers[place], word.looks_like != "words"
    fit = dialogue.fits[place][dialogue.words[word.id]]
    dated, date = dialogue.dates[place], word.looks_like == "date"
    yield from map(float, (digits and number, digits and not number, number and not digits, word.strength == "strong"))
    yield from map(float, (fit.fits, fit.short, fit.differs, fit.prefix))
    yield dialogue.fits_rather(place, word.id)
    yield from map(float, (shape_of(word) != Shape(), date and dated, dated and not date))


def _of_mentions(dialogue: _Dialogue, place: int, own: Question, word: OwnWord) -> Iterator[float]:
    """How far the line and the agent's latest ones mention it, and how likely a known factor is instead."""
    agent = [dialogue.mentioned(line, word.id) for line in dialogue.agent]
    mention = dialogue.mentions[place][dialogue.words[word.id]]
    yield from (mention.name, mention.description, dialogue.mentioned(place, word.id)[1])
    for alike in (True, False):
        looks = word.looks_like, word.strength
        records = (record for record in _SAID if ((record.looks_like, record.strength) == looks) == alike)
        yield _best(dialogue.of(place, f"{own.verb} {record.label}") for record in records)
    yield from agent[0] if agent else (0.0, 0.0)
    yield max((mine * FADING**back for back, (mine, _) in enumerate(agent)), default=0.0)


def _of_question(dialogue: _Dialogue, place: int, own: Question, word: OwnWord) -> Iterator[float]:
    """Whether it was asked for or given before, and, of the agent's lines, whether the caller gives it next."""
    agent, caller, of = dialogue.agent, dialogue.caller, dialogue.of
    asks, gives = f"asks {as_written(word)}", f"gives {as_written(word)}"
    asked = of(agent[0], asks) if agent else NEVER
    lately = _lately(agent, partial(of, label=asks))
    yield from (asked, lately)
    yield asked - _best(dialogue.other_asked(line, asks) for line in agent if line >= place - 2)
    yield lately - _lately(agent, lambda line: dialogue.other_asked(line, asks))
    yield _best(of(line, gives) for line in caller if line >= place - NEAR)
    yield dialogue.given.get(gives, NEVER)
    verb = of(place, own.verb)
    yield from (min(verb, asked), min(verb, lately), min(of(place, own.label), lately))
    after = () if own.verb == "gives" else range(place + 1, min(place + 3, len(dialogue.chunks)))
    answer = next((line for line in after if dialogue.chunks[line].speaker == "caller"), None)
    if answer is None:
        yield from (0.0, NEVER, NEVER)
    else:
        yield from (dialogue.fits_rather(answer, word.id), of(answer, gives), of(answer, "gives"))


def _of_category(dialogue: _Dialogue, place: int, own: Question, word: OwnWord) -> Iterator[float]:
    """Whether the agent has done it just before, and what the caller has said."""
    before = [line for line in dialogue.caller if line >= place - 2]
    yield _best(dialogue.of(line, own.label) for line in dialogue.agent[:3])
    yield _best(dialogue.best(line, "gives", own=True) for line in before)
    yield _best(dialogue.of(line, "gives") for line in before)


def _known(dialogue: _Dialogue, place: int) -> Iterator[Piece]:
    """Known labels beside the own words of the same verb."""
    rival = _lately(dialogue.agent, lambda line: dialogue.best(line, "asks", own=True))
    size = log_length(dialogue.chunks[place].text)
    for verb in BESIDE:
        best, whole = dialogue.best(place, verb, own=True), dialogue.of(place, verb)
        for label, value in dialogue.odds[place].items():
            if label.startswith(f"{verb} ") and label not in dialogue.names:
                asked, other = NEVER, NEVER
                if verb == "gives":
                    asks = f"asks {label.removeprefix('gives ')}"
                    asked, other = _lately(dialogue.agent, partial(dialogue.of, label=asks)), rival
                known = dialogue.best(place, verb, own=False, but=label)
                told = (value, whole, best, value - best, value - known, other, asked, asked - other)
                yield Piece(place, verb, label, False, _bounded((*told, min(best, whole), size)))


class WordOverlap(NamedTuple):
    """`name`: the share of the name's words that stand in the line; `description`: words of it, rare ones count 1."""

    name: float
    description: float

    @property
    def both(self) -> float:
        """Both together."""
        return NAMED_IN_FULL * self.name + DESCRIBED * self.description


def mentions_of(lines: Sequence[str], words: Sequence[OwnWord]) -> list[list[WordOverlap]]:
    """Of each line, how far it mentions each word."""
    names = [stems(word.name) for word in words]
    described = [stems(word.description) - name for word, name in zip(words, names, strict=True)]
    often = Counter(stem for stems in described for stem in stems)
    return [
        [
            WordOverlap(
                sum(_stands(stem, said) for stem in name) / len(name) if name else 0.0,
                min(MOST_DESCRIBED, sum(1 / often[stem] for stem in stems if _stands(stem, said))),
            )
            for name, stems in zip(names, described, strict=True)
        ]
        for said in map(_long_words, lines)
    ]


def _stands(stem: str, said: frozenset[str]) -> bool:
    """Whether it begins a word, or stands within one as part of a compound."""
    return any(word.startswith(stem) or (len(stem) == STEM and stem in word) for word in said)


def stems(text: str) -> frozenset[str]:
    """The beginnings of its longer words, by which words are the same."""
    return frozenset(word[:STEM] for word in _long_words(text))


def _long_words(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(text.lower()) if len(word) >= SHORTEST)
