"""How numbers are written by a recogniser: digits or words, what stands between them, and which are wrong."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from evals.lab.noise.aligning import Block
from evals.lab.noise.noise_model import NumberNoise, length_class
from evals.lab.noise.pairs import Side
from evals.lab.noise.words import core_of, digits_of, is_ordinal

__all__ = ["count_numbers"]


def count_numbers(sides: Iterable[Side]) -> NumberNoise:
    """Of all number words that were said."""
    fates: Counter[str] = Counter()
    written: dict[str, Counter[str]] = {}
    between: Counter[str] = Counter()
    ordinals: Counter[str] = Counter()
    for side in sides:
        for run in _runs(side):
            words = sum(len(block.said) for block in run)
            for block in run:
                fates.update(_fates(side, block))
                between.update(_within(side, block))
                if block.fate != "heard":
                    continue
                heard = [side.heard[place].text for place in block.heard]
                style = "digits" if any(map(str.isdigit, "".join(heard))) else "words"
                if len(block.said) == 1 and is_ordinal(side.said[block.said[0]].text):
                    ordinals["words" if style == "words" else "dot" if heard[-1].endswith(".") else "none"] += 1
                else:
                    written.setdefault(length_class(words), Counter())[style] += len(block.said)
            between.update(_between(side, run))
    return NumberNoise(
        fates=dict(fates.most_common()),
        written={length: dict(styles.most_common()) for length, styles in sorted(written.items())},
        between=dict(between.most_common()),
        ordinals=dict(ordinals.most_common()),
    )


def _runs(side: Side) -> Iterator[list[Block]]:
    """Blocks of number words that follow each other in a turn."""
    run: list[Block] = []
    for block in side.blocks:
        number = bool(block.said) and all(digits_of(side.said[place].text) for place in block.said)
        if run and not (number and side.said[run[-1].said[-1]].turn == side.said[block.said[0]].turn):
            yield run
            run = []
        if number:
            run.append(block)
    if run:
        yield run


def _fates(side: Side, block: Block) -> list[str]:
    ours = "".join(digits_of(side.said[place].text) for place in block.said)
    theirs = "".join(digits_of(side.heard[place].text) for place in block.heard)
    others = len(block.said) - 1
    if not block.heard:
        return ["lost"] * len(block.said)
    if not theirs:
        return ["words"] * len(block.said)
    if ours == theirs:
        return ["right"] * len(block.said)
    kind = "changed" if len(ours) == len(theirs) else "shorter" if len(ours) > len(theirs) else "longer"
    return ["right"] * others + [kind]


def _within(side: Side, block: Block) -> Iterator[str]:
    """What stands between the digits of number words that were written in one word."""
    parts = [digits_of(side.said[place].text) for place in block.said]
    if len(block.heard) != 1 or block.fate != "heard":
        return
    text = side.heard[block.heard[0]].text
    digits = [place for place, sign in enumerate(text) if sign.isdigit()]
    if len(digits) != sum(map(len, parts)):
        return
    done = 0
    for part in parts[:-1]:
        done += len(part)
        yield text[digits[done - 1] + 1 : digits[done]]


def _between(side: Side, run: Sequence[Block]) -> Iterator[str]:
    """What stands between two blocks: a blank, with a mark perhaps."""
    for one, other in pairwise(run):
        if one.fate == other.fate == "heard":
            before, after = side.heard[one.heard[-1]], side.heard[other.heard[0]]
            if before.turn == after.turn and (core_of(before.text)[-1:] + after.text[:1]).isdigit():
                yield before.text[len(before.text.rstrip(",.-–")) :] + " "
