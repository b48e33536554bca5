"""Which word that was said is which word that was heard: a path of least cost through both, as far as times allow.

Numbers are aligned digit by digit (`vier sieben` is `47`), words by sound, two words with one where they were split
or joined. What neither finds a likeness for, between the same neighbours, is taken to be misheard.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from evals.lab.noise.words import atoms_of, digits_of, distance, sound_of

__all__ = ["Block", "Fate", "TimedWord", "align"]

Fate = Literal["heard", "misheard", "lost", "added"]
"""heard: the same sound or the same digits; misheard: others; lost: nothing; added: nobody said it."""

GONE = 0.6
"""Cost of a word that is lost or added."""
UNLIKE = 1.5
"""Cost of two words that have nothing in common: more than to lose the one and to add the other."""
JOINED = 0.2
"""Cost of a word in two, or of two in one."""
LATE = 0.1
"""Cost of a second between what was said and what was heard, beyond the first one."""
APART = 8.0
"""Seconds between the two at most."""
NEAR = APART + 2.0
"""Seconds around a word in which what was heard of it is looked for."""
BACK = 8
"""Steps back at most to the last one that had the same word."""
FAR = 1e9

Step = tuple[int, int]
"""So many atoms that were said, so many that were heard."""
STEPS: tuple[Step, ...] = ((1, 1), (1, 0), (0, 1), (2, 1), (1, 2))


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word of a turn, counted from 1; `time` is the second in which its middle is said, None where nothing tells."""

    text: str
    turn: int
    time: float | None = None


@dataclass(slots=True)
class Block:
    """Words that belong together, by their places: of one that was said, or of a few."""

    said: list[int] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    fate: Fate = "heard"


class _Atom(NamedTuple):
    sound: str
    word: int
    turn: int
    time: float | None


def align(said: Sequence[TimedWord], heard: Sequence[TimedWord]) -> list[Block]:
    """The blocks in order, each word in one of them."""
    ours, theirs = _atoms(said), _atoms(heard)
    blocks = _joined(_steps(ours, theirs), ours, theirs)
    for block in blocks:
        if block.said and block.heard:
            block.fate = "heard" if _sounds(said, block.said) == _sounds(heard, block.heard) else "misheard"
        else:
            block.fate = "lost" if block.said else "added"
    return _misheard(blocks, said, heard)


def _atoms(words: Sequence[TimedWord]) -> list[_Atom]:
    return [
        _Atom(sound, place, word.turn, word.time) for place, word in enumerate(words) for sound in atoms_of(word.text)
    ]


def _sounds(words: Sequence[TimedWord], places: Sequence[int]) -> str:
    texts = [words[place].text for place in places]
    if any(map(digits_of, texts)):
        return "".join(sound for text in texts for sound in atoms_of(text))
    return sound_of("".join(texts))


def _steps(ours: Sequence[_Atom], theirs: Sequence[_Atom]) -> list[tuple[int, int, Step]]:
    """The path of least cost: before which atoms each step is made, and which."""
    width = len(theirs) + 1
    cost = [[FAR] * width for _ in range(len(ours) + 1)]
    came: list[list[Step]] = [[(0, 0)] * width for _ in range(len(ours) + 1)]
    cost[0][0] = 0.0
    for row in range(len(ours) + 1):
        for column in _columns(row, ours, theirs):
            for step in STEPS:
                first, second = row - step[0], column - step[1]
                if first < 0 or second < 0 or cost[first][second] >= FAR:
                    continue
                total = cost[first][second] + _cost(ours[first:row], theirs[second:column])
                if total < cost[row][column] - 1e-9:
                    cost[row][column], came[row][column] = total, step
    row, column, path = len(ours), len(theirs), []
    while row or column:
        step = came[row][column]
        row, column = row - step[0], column - step[1]
        path.append((row, column, step))
    return path[::-1]


def _columns(row: int, ours: Sequence[_Atom], theirs: Sequence[_Atom]) -> range:
    """What may be heard by when so many atoms were said: all, unless times tell."""
    before = ours[row - 1].time if row else None
    after = ours[row].time if row < len(ours) else None
    least = 0 if before is None else bisect_left(theirs, before - NEAR, key=_time)
    most = len(theirs) if after is None else bisect_right(theirs, after + NEAR, key=_time)
    return range(least, most + 1)


def _time(atom: _Atom) -> float:
    return 0.0 if atom.time is None else atom.time


def _cost(ours: Sequence[_Atom], theirs: Sequence[_Atom]) -> float:
    if not (ours and theirs):
        return GONE
    late = 0.0
    if ours[0].time is not None and theirs[0].time is not None:
        late = abs(ours[0].time - theirs[0].time)
        if late > APART:
            return FAR
    numbers = {atom.sound[0] == "#" for atom in (*ours, *theirs)}
    joined = len(ours) + len(theirs) > 2
    if joined and (True in numbers or ours[0].turn != ours[-1].turn or theirs[0].turn != theirs[-1].turn):
        return FAR
    apart = distance("".join(atom.sound for atom in ours), "".join(atom.sound for atom in theirs))
    # A digit that is misheard is a digit, as a rule.
    apart = 0.7 if numbers == {True} and apart else apart
    return UNLIKE * apart + LATE * max(0.0, late - 1.0) + JOINED * joined


def _joined(path: Sequence[tuple[int, int, Step]], ours: Sequence[_Atom], theirs: Sequence[_Atom]) -> list[Block]:
    """Atoms to words: steps that share a word are one block."""
    blocks: list[Block] = []
    for row, column, (first, second) in path:
        said = [atom.word for atom in ours[row : row + first]]
        heard = [atom.word for atom in theirs[column : column + second]]
        # Between two digits of a number that was written in one word, another word may be lost.
        shared = [
            place
            for place in range(max(0, len(blocks) - BACK), len(blocks))
            if set(said) & set(blocks[place].said) or set(heard) & set(blocks[place].heard)
        ]
        parts = [*blocks[shared[0] :], Block(said, heard)] if shared else [Block(said, heard)]
        del blocks[len(blocks) - len(parts) + 1 :]
        blocks.append(
            Block(
                list(dict.fromkeys(word for part in parts for word in part.said)),
                list(dict.fromkeys(word for part in parts for word in part.heard)),
            )
        )
    return blocks


def _misheard(blocks: Sequence[Block], said: Sequence[TimedWord], heard: Sequence[TimedWord]) -> list[Block]:
    """Lost and added words between the same neighbours, at one time, are one block: misheard."""
    found: list[Block] = []
    for run in _runs(blocks):
        lost = [place for block in run for place in block.said]
        added = [place for block in run for place in block.heard]
        if run[0].fate in ("lost", "added") and lost and added and _meet(said, lost, heard, added):
            found.append(Block(lost, added, "misheard"))
        else:
            found += run
    return found


def _runs(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    run: list[Block] = []
    for block in blocks:
        if block.fate in ("lost", "added"):
            run.append(block)
            continue
        if run:
            yield run
        run = []
        yield [block]
    if run:
        yield run


def _meet(said: Sequence[TimedWord], lost: Sequence[int], heard: Sequence[TimedWord], added: Sequence[int]) -> bool:
    """Whether they are of one turn that was said, one that was heard, and of one time as far as that is known."""
    if len({said[place].turn for place in lost}) > 1 or len({heard[place].turn for place in added}) > 1:
        return False
    ours = [time for place in lost if (time := said[place].time) is not None]
    theirs = [time for place in added if (time := heard[place].time) is not None]
    return not (ours and theirs) or (min(ours) - 1.0 <= max(theirs) and min(theirs) <= max(ours) + 1.0)
