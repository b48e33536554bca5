"""An answer belongs to a question: which factor a caller gives, from the line itself and from what the agent asked.

`Eins acht null vier` alone may be anything; after `Ihre PIN, bitte?` it is a PIN, and so is the next piece of it. How
much the question, the earlier pieces and the line itself weigh is learned once for all factors together, so that it
holds for rare ones too.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ausweis.engines.heads import probability_of
from ausweis.reading.chunks import Chunk
from ausweis.reading.plain_words import DECLINED, NAMED, declines, named

__all__ = ["EVIDENCE", "LATELY", "LESS", "NEVER", "Pair", "log_length", "log_odds", "pairs", "weighed"]

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

GIVES, ASKS, NAME, REFUSES = "gives ", "asks ", "gives name", "refuses"
NEVER = -7.0
"""Log-odds of what is not there; probabilities are bounded accordingly."""
LATELY = 6
"""So many of the agent's lines back a question may be; each counts a little less."""
LESS = 0.5

Answers = Sequence[Mapping[str, float]]


class Pair(NamedTuple):
    """A line of the caller and a label that it may have; `evidence` in the order of `EVIDENCE`."""

    place: int
    label: str
    evidence: tuple[float, ...]


class _Before(NamedTuple):
    """The agent's latest lines, the last one first; of each label, the best that any line of the caller had."""

    agent: deque[int]
    caller: dict[str, float]


def pairs(chunks: Sequence[Chunk], answers: Answers) -> Iterator[Pair]:
    """All lines of the caller with all factors. `answers`: for each chunk the probability of each label."""
    odds = [{label: log_odds(probability) for label, probability in answer.items()} for answer in answers]
    before = _Before(deque(maxlen=LATELY), {})
    for place, chunk in enumerate(chunks):
        if chunk.speaker == "caller":
            for label in odds[place]:
                if label.startswith(GIVES):
                    yield Pair(place, label, tuple(_evidence(chunks, odds, place, label, before)))
            for label, value in odds[place].items():
                before.caller[label] = max(value, before.caller.get(label, value))
        elif chunk.speaker == "agent":
            before.agent.appendleft(place)


def weighed(chunks: Sequence[Chunk], answers: Answers, weights: Sequence[float]) -> list[dict[str, float]]:
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
        if REFUSES in answer and declines(chunk.text):
            answer[REFUSES] = max(answer[REFUSES], DECLINED)
    return weighted


def log_length(text: str) -> float:
    """How long a line is, as evidence: about 1 for a sentence."""
    return math.log1p(len(text)) / 3


def log_odds(probability: float) -> float:
    """Within what `NEVER` allows."""
    least = probability_of(NEVER)
    bounded = min(max(probability, least), 1 - least)
    return math.log(bounded / (1 - bounded))


def _evidence(
    chunks: Sequence[Chunk], odds: Sequence[Mapping[str, float]], place: int, label: str, before: _Before
) -> Iterator[float]:
    own, other = odds[place], ASKS + label.removeprefix(GIVES)
    gives = own.get(GIVES.strip(), NEVER)
    yield own[label]
    yield gives
    yield own[label] - _best(own[another] for another in own if another.startswith(GIVES) and another != label)
    yield min(own[label], gives)
    agent = before.agent
    asked = odds[agent[0]].get(other, NEVER) if agent else NEVER
    yield asked
    lately = _best(odds[number].get(other, NEVER) - LESS * back for back, number in enumerate(agent))
    yield lately
    latest = [number for number in range(max(0, place - 4), place) if chunks[number].speaker == "caller"]
    yield _best(odds[number].get(label, NEVER) for number in latest)
    yield before.caller.get(label, NEVER)
    just = [odds[number] for number in agent if number >= place - 2]
    yield asked - _best(line[rival] for line in just for rival in _rivals(line, other))
    yield min(gives, asked)
    yield min(gives, lately)
    yield lately - _best(
        odds[number][rival] - LESS * back for back, number in enumerate(agent) for rival in _rivals(odds[number], other)
    )
    yield min(own[label], lately)


def _rivals(odds: Mapping[str, float], asked: str) -> Iterator[str]:
    return (label for label in odds if label.startswith(ASKS) and label != asked)


def _best(odds: Iterator[float]) -> float:
    return max(odds, default=NEVER)
