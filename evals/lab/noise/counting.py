"""A noise model, learned from pairs of what was said and what was heard."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from evals.lab.noise.aligning import Block, TimedWord
from evals.lab.noise.noise_model import AS_SAID, FEWEST, Counts, Lexicon, Noise, length_class, word_class
from evals.lab.noise.numbers import count_numbers
from evals.lab.noise.pairs import Pair, Side
from evals.lab.noise.words import core_of, digits_of, distance, mark_of, plain, sound_of

__all__ = ["learn", "lexicon_of"]

FEWEST_BEFORE = 10
"""A word is counted so often before what stands in front of it is its own."""

Counters = dict[str, Counter[str]]


def learn(pairs: Sequence[Pair], lexicon: Lexicon) -> Noise:
    """The noise of pairs of one language and condition."""
    sides = [side for pair in pairs for side in pair.sides.values()]
    counts = _Counts({bare: heard for bare, (_, heard) in lexicon.items()})
    for pair in pairs:
        counts.turns_of(pair)
    for side in sides:
        counts.words_of(side)
    written: Counters = {}
    for (said, heard), number in counts.confused.items():
        written.setdefault(said, Counter())[heard] += number
    wrong = {said: heard.total() - heard[AS_SAID] for said, heard in written.items()}
    return Noise(
        calls=len(pairs),
        said=sum(len(side.said) for side in sides),
        turns=_plain(counts.turns),
        held=_counts(counts.held),
        fates=_plain(counts.fates),
        words=_plain({said: heard for said, heard in written.items() if wrong[said] >= FEWEST}),
        distances=_plain(counts.distances),
        letters=_plain(counts.letters),
        unknown=_counts(counts.unknown),
        added=_counts(counts.added),
        marks=_plain(counts.marks),
        before=_plain({word: marks for word, marks in counts.before.items() if marks.total() >= FEWEST_BEFORE}),
        capitals=_counts(counts.capitals),
        numbers=count_numbers(sides),
    )


class _Counts:
    """All that is counted word by word. `heard`: how often each word was heard."""

    def __init__(self, heard: dict[str, int]) -> None:
        self._heard = heard
        self.turns: Counters = {}
        self.held: Counter[str] = Counter()
        self.fates: Counters = {}
        self.confused: Counter[tuple[str, str]] = Counter()
        self.distances: Counters = {}
        self.letters: Counters = {}
        self.unknown: Counter[str] = Counter()
        self.added: Counter[str] = Counter()
        self.marks: Counters = {}
        self.before: Counters = {}
        self.capitals: Counter[str] = Counter()

    def turns_of(self, pair: Pair) -> None:
        """Whether turns are heard as they are, lost, or crossed by the next one."""
        for side in pair.sides.values():
            places: dict[int, list[int]] = {}
            lengths = Counter(word.turn for word in side.said)
            for block in side.blocks:
                for place in block.said if block.heard else ():
                    places.setdefault(side.said[place].turn, []).append(side.heard[block.heard[0]].turn)
            for turn, length in lengths.items():
                heard = sorted(places.get(turn, []))
                fate = "lost" if not heard else "crossed" if heard[0] != heard[-1] else "heard"
                self.turns.setdefault(length_class(length), Counter())[fate] += 1
                if fate == "crossed":
                    self.held[str(sum(place != heard[0] for place in heard))] += 1

    def words_of(self, side: Side) -> None:
        """What becomes of words in turns that are heard."""
        there = {side.said[place].turn for block in side.blocks if block.heard for place in block.said}
        unsure, turn = False, 0
        for block in side.blocks:
            if not block.said:
                self.added[_phrase(side.heard, block.heard)] += 1
                continue
            if side.said[block.said[0]].turn not in there:
                continue
            unsure = unsure and side.said[block.said[0]].turn == turn
            turn = side.said[block.said[-1]].turn
            if not any(digits_of(side.said[place].text) for place in block.said):
                unsure = self._word(side, block, unsure)
            self._mark(side, block)

    def _word(self, side: Side, block: Block, unsure: bool) -> bool:
        """Count a block of words; whether something is wrong with it."""
        said, heard = [side.said[place].text for place in block.said], _phrase(side.heard, block.heard)
        fate: str = block.fate
        if fate == "misheard" and len(said) != len(block.heard):
            fate = "split" if len(said) == 1 else "joined" if len(block.heard) == 1 else fate
        for place, word in enumerate(said if fate != "joined" else said[:1]):
            bare = plain(word)
            key = word_class(bare, self._heard.get(bare, 0)) + "+" * (unsure or place > 0)
            self.fates.setdefault(key, Counter())[fate] += 1
        if fate in ("misheard", "split", "joined"):
            self._confusion(said, heard, fate)
        elif len(said) == 1:
            self.confused[plain(said[0]), AS_SAID if fate == "heard" else ""] += 1
        if fate == "heard" and not self._heard_often(said[0]):
            self.capitals["yes" if side.heard[block.heard[0]].text[:1].isupper() else "no"] += 1
        return fate != "heard"

    def _confusion(self, said: Sequence[str], heard: str, fate: str) -> None:
        ours, theirs = "".join(map(plain, said)), plain(heard)
        apart = distance(sound_of(ours), sound_of(theirs))
        self.distances.setdefault(fate, Counter())[str(round(apart * 10))] += 1
        self.confused[" ".join(map(plain, said)), heard] += 1
        if fate == "misheard" and len(said) == len(heard.split()) == 1:
            unknown = self._heard.get(theirs, 0) < 2
            self.unknown["yes" if unknown else "no"] += 1
            for one, other in _letters(ours, theirs):
                self.letters.setdefault(one, Counter())[other] += 1

    def _heard_often(self, word: str) -> bool:
        return self._heard.get(plain(word), 0) > 1

    def _mark(self, side: Side, block: Block) -> None:
        if not block.heard:
            return
        last = block.said[-1]
        after = side.said[last + 1] if last + 1 < len(side.said) else None
        ends = after is None or after.turn != side.said[last].turn
        written, mark = mark_of(side.said[last].text), mark_of(side.heard[block.heard[-1]].text)
        self.marks.setdefault(written + "|" * ends, Counter())[mark] += 1
        if after is not None and not ends and not written:
            self.before.setdefault(plain(after.text), Counter())[mark] += 1


def _letters(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    """Each letter of the one with what stands in its place in the other, nothing or two letters perhaps."""
    for kind, first, last, begin, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from ((letter, letter) for letter in ours[first:last])
        elif kind != "insert":
            there = theirs[begin:end]
            for place, letter in enumerate(ours[first:last]):
                final = place == last - first - 1
                yield letter, there[place : place + 2] if final else there[place : place + 1]


def lexicon_of(heard: Iterable[Pair], written: Iterable[str]) -> Lexicon:
    """How each word is written within a sentence as a rule, and how often it was heard; numbers are left out.

    `written`: texts in good spelling, for words that were never heard.
    """
    turns = [[word.text for word in turn] for pair in heard for turn in _turns(pair)]
    count = Counter(plain(word) for turn in turns for word in turn)
    forms: Counters = {}
    for turn in (*turns, *(text.split() for text in written)):
        for before, word in pairwise([".", *turn]):
            bare = plain(word)
            if bare and not any(map(str.isdigit, bare)):
                # At the beginning of a sentence all words have a capital.
                within = 1 if mark_of(before) in (".", "?", "!") else 100
                forms.setdefault(bare, Counter())[core_of(word)] += within
    return {bare: (written.most_common(1)[0][0], count[bare]) for bare, written in sorted(forms.items())}


def _turns(pair: Pair) -> Iterator[list[TimedWord]]:
    for side in pair.sides.values():
        for turn in dict.fromkeys(word.turn for word in side.heard):
            yield [word for word in side.heard if word.turn == turn]


def _phrase(words: Sequence[TimedWord], places: Sequence[int]) -> str:
    return " ".join(filter(None, (core_of(words[place].text) for place in places)))


def _plain(counters: Counters) -> dict[str, Counts]:
    return {key: _counts(counter) for key, counter in sorted(counters.items())}


def _counts(counter: Counter[str]) -> Counts:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
