"""Who speaks in a mono recording of a call between two people: each word goes to one of two voices.

Long windows of speech become vectors (`voice_encoder`) that tell the two voices apart (`two_voices`); short ones place
the change from one to the other. A path through the words follows the nearer voice, and changes it more readily where
somebody has paused or ended a sentence. Only vectors are kept of what is fed: some 300 kB a minute of speech.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.decode import RATE
from ausweis.audio.heard import Word
from ausweis.audio.speech import Channel, Stretch
from ausweis.audio.voice_encoder import EMBEDDING, VoiceEncoder

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

AXES, PARTS, ROUNDS = 3, (0.1, 0.3, 0.5, 0.7, 0.9), 6
CORE = 0.4
"""The share of a voice's windows that is left out of its centre."""
LEAST = 12.0
"""Seconds of windows, which overlap fourfold: a side with less is rather a cough than a voice."""
CHANGES = 8
"""Two people in a call take turns: voices that change less often are hardly those of the two."""


def two_voices(vectors: Floats, weights: Floats) -> Labels:
    """(vectors,): 0 or 1 for each of (vectors, 256) in order of time, weighted by the seconds of its window.

    Partings along the main axes, even and uneven ones, are sharpened, and the one whose sides lie farthest apart is
    taken: k-means fails where one person says little. A side that is one stretch of the call is rather hold music than
    a person. What all share, such as the line and its noise, goes with the mean.
    """
    around = _unit(vectors - np.average(vectors, axis=0, weights=weights))
    _, axes = np.linalg.eigh((around * weights[:, None]).T @ around)
    best, likeliest = -np.inf, np.zeros(len(vectors), dtype=np.int64)
    for along in (around @ axes[:, -AXES:]).T:
        for part in PARTS:
            labels = (along > np.quantile(along, part)).astype(np.int64)
            for _ in range(ROUNDS):
                before, labels = labels, _sharpened(vectors, weights, labels)
                if (before == labels).all():
                    break
            least = min(float(weights @ (labels == voice)) for voice in (0, 1))
            changes = np.count_nonzero(np.diff(labels))
            score = distance(vectors, weights, labels) * min(1.0, least / LEAST) * min(1.0, changes / CHANGES) ** 2
            if score > best:
                best, likeliest = score, labels
    return likeliest


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))


def centres(vectors: Floats, weights: Floats, labels: NDArray[np.generic]) -> Floats:
    """(2, 256): the mean direction of those labelled 0 and of those labelled 1; zeros where there are none."""
    return _unit(np.stack([(weights * (labels == voice)) @ vectors for voice in (0, 1)]))


def between(vectors: Floats, middles: Floats) -> Floats:
    """(vectors,): 1 at the first centre, -1 at the second."""
    axis = middles[0] - middles[1]
    first, second = middles @ axis
    return np.asarray((2 * vectors @ axis - first - second) / max(first - second, 1e-9))


def distance(vectors: Floats, weights: Floats, labels: NDArray[np.generic]) -> float:
    """How far the voices lie apart (1 - cosine), against how widely their windows are strewn along the way."""
    middles = centres(vectors, weights, labels)
    if not middles.any(axis=1).all():
        return 0.0
    spread = float(np.sqrt(np.average((np.abs(between(vectors, middles)) - 1) ** 2, weights=weights)))
    return float(1 - middles[0] @ middles[1]) / max(spread, 0.05)


def _sharpened(vectors: Floats, weights: Floats, labels: Labels) -> Labels:
    """Labels anew, by the windows that lie most surely with their voice: others hold a bit of both, or of neither."""
    towards = between(vectors, centres(vectors, weights, labels))
    core = np.zeros(len(vectors), dtype=np.bool_)
    for voice, side in enumerate((towards, -towards)):
        own = labels == voice
        core |= own & (side >= np.quantile(side[own], CORE)) if own.any() else own
    nearer = (between(vectors, centres(vectors, weights * core, labels)) < 0).astype(np.int64)
    return nearer if 0 < nearer.sum() < len(nearer) else labels


LONG, SHORT = 1.6, 0.8
"""Seconds of the two kinds of windows; a stretch that is shorter is repeated until it is as long."""
HOP = 0.4
WORDED = 0.3
"""The share of a window that words must cover for it to say what the voices are: hold music has none."""

EVIDENCE = 6.0
"""Log-odds of a word that lies right at the centre of a voice: with the costs, two such words change it and back."""
STAY, PAUSED, ENDED = 6.0, 2.0, 1.5
"""What a change of voice costs: within a sentence, after a pause, after the end of a sentence."""
PAUSE = 0.3
CUT, SHORTEST = 0.1, 0.2
"""Seconds of the pause between words that cuts a stretch of speech in two, and of each part at least."""
ENDS = (".", "?", "!")

ONE_VOICE, TWO_VOICES = 0.25, 0.6
"""The `distance` between the halves of one voice's windows at most, and between two voices that are clearly two."""
EVEN = 0.25
"""The share of the words; the less one side has, the more easily one voice's oddities make up such a side."""
ENOUGH = 4.0
"""Seconds of words; of a voice that says less one cannot be sure."""
TURNS = 4
"""Changes of the voice; with fewer, it may be a stretch that sounds otherwise rather than somebody else."""


@dataclass(frozen=True, slots=True)
class Split:
    """The voice of each word, 0 or 1, where 0 speaks first; and how sure that is, from 0 to 1.

    `confidence` is that of the split as a whole: near 0 where there seems to be one voice alone. A word's own one is
    never above it.
    """

    speakers: list[int]
    confidences: list[float]
    confidence: float


class Voices:
    """Listens while a recording is read in chunks, and tells in the end which of two voices said each word."""

    def __init__(self, encoder: VoiceEncoder) -> None:
        self._encoder = encoder
        self._long, self._short = _Vectors(LONG), _Vectors(SHORT)

    def feed(self, samples: Channel, spans: Sequence[Stretch], offset: float, words: Sequence[Word]) -> None:
        """Take in the stretches of speech in these samples, which begin `offset` seconds after the recording.

        A stretch is cut where its `words` leave a pause or end a sentence, so that a short answer has windows of its
        own.
        """
        parts = _parts(spans, words, offset)
        for vectors in (self._long, self._short):
            vectors.add(self._encoder, samples, parts, offset)

    def split(self, words: Sequence[Word]) -> Split:
        """The voice of each of the words, which stand in order of time and may come from any ASR model."""
        long, short = self._long.within(words), self._short.within(words)
        if len(words) < 2 or len(long.vectors) < 2:
            return Split([0] * len(words), [0.0] * len(words), 0.0)
        costs = _costs(words)
        labels = two_voices(long.vectors, long.seconds)
        path, _ = _path(long.leaning(words, long.towards(labels.astype(np.float64))), costs)
        leanings = [held.leaning(words, held.towards(held.share(words, path))) for held in (long, short)]
        path, sure = _path(np.mean(leanings, axis=0), costs)
        far = distance(long.vectors, long.seconds, long.share(words, path) > 0.5)
        confidence = _confidence(far, np.array([word.end - word.start for word in words]), path)
        confidences = [round(float(probability) * confidence, 3) for probability in sure]
        return Split([int(voice) for voice in path ^ path[0]], confidences, round(confidence, 3))


@dataclass(frozen=True, slots=True)
class _Held:
    """Vectors of windows with words in them, in order of time: (windows, 256), and (windows,) of seconds each."""

    vectors: Floats
    begins: Floats
    ends: Floats
    longest: float

    @property
    def seconds(self) -> Floats:
        return self.ends - self.begins

    def share(self, words: Sequence[Word], path: Labels) -> Floats:
        """(windows,): how much of the words' time in each window is the second voice's."""
        both = _worded(words, self.begins, self.ends)
        second = [word for word, voice in zip(words, path, strict=True) if voice]
        return np.asarray(_worded(second, self.begins, self.ends) / np.maximum(both, 1e-6))

    def towards(self, share: Floats) -> Floats:
        """(windows,): 1 at the centre of the first voice, -1 at that of the second; 0 if one has no window."""
        for margin in (0.1, 0.5):
            first, second = share < margin, share > 1 - margin
            if first.any() and second.any():
                middles = centres(self.vectors[first | second], self.seconds[first | second], second[first | second])
                return between(self.vectors, middles)
        return np.zeros(len(self.vectors))

    def leaning(self, words: Sequence[Word], towards: Floats) -> Floats:
        """(words,): the mean of the windows around each word; those whose middle is near it count most."""
        towards_each = np.zeros(len(words))
        for place, word in enumerate(words):
            at = (word.start + word.end) / 2
            first, last = np.searchsorted(self.begins, [at - self.longest, at])
            begins, ends = self.begins[first:last], self.ends[first:last]
            near = np.clip(1.05 - np.abs(at - (begins + ends) / 2) / (self.longest / 2), 0.05, 1.0) * (ends >= at)
            if near.any():
                towards_each[place] = near @ towards[first:last] / near.sum()
        return towards_each


class _Vectors:
    """The vectors of all windows of one length."""

    def __init__(self, seconds: float) -> None:
        self._size = round(seconds * RATE)
        self._seconds = seconds
        self._vectors: list[NDArray[np.float32]] = []
        self._times: list[tuple[float, float]] = []

    def add(self, encoder: VoiceEncoder, samples: Channel, spans: Sequence[Stretch], offset: float) -> None:
        places = [place for span in spans for place in self._windows(span)]
        if places:
            windows = np.stack([np.resize(samples[begin:end], self._size) for begin, end in places])
            self._vectors.append(encoder.embed(windows))
            self._times += [(offset + begin / RATE, offset + end / RATE) for begin, end in places]

    def _windows(self, span: Stretch) -> list[tuple[int, int]]:
        """From the beginning of the stretch to its very end, where the last window may be nearer to its neighbour."""
        last = span.end - self._size
        begins = [*range(span.start, last, round(HOP * RATE)), max(last, span.start)]
        return [(begin, min(begin + self._size, span.end)) for begin in begins]

    def within(self, words: Sequence[Word]) -> _Held:
        times = np.array(self._times, dtype=np.float64).reshape(-1, 2)
        vectors = np.concatenate([np.zeros((0, EMBEDDING)), *self._vectors])
        begins, ends = times.T
        kept = _worded(words, begins, ends) > WORDED * (ends - begins)
        return _Held(vectors[kept], begins[kept], ends[kept], self._seconds)


def _parts(spans: Sequence[Stretch], words: Sequence[Word], offset: float) -> list[Stretch]:
    ends = sorted(
        round(((before.end + word.start) / 2 - offset) * RATE)
        for before, word in pairwise(words)
        if word.start - before.end >= CUT or before.text.endswith(ENDS)
    )
    parts = []
    for span in spans:
        begin = span.start
        for end in ends[bisect_left(ends, span.start) : bisect_right(ends, span.end)]:
            if min(end - begin, span.end - end) >= SHORTEST * RATE:
                parts.append(Stretch(begin, end))
                begin = end
        parts.append(Stretch(begin, span.end))
    return parts


def _worded(words: Sequence[Word], begins: Floats, ends: Floats) -> Floats:
    """(windows,): seconds of each window that lie within words."""
    if not words:
        return np.zeros(len(begins))
    edges = np.maximum.accumulate(np.array([(word.start, word.end) for word in words]).ravel())
    done = np.cumsum(np.diff(edges, prepend=edges[0]) * (np.arange(len(edges)) % 2))
    return np.asarray(np.interp(ends, edges, done) - np.interp(begins, edges, done))


def _confidence(far: float, lengths: Floats, path: Labels) -> float:
    """From 0 to 1, by how far the voices lie apart, how many seconds of words each has, and how often they change."""
    least = min(float(lengths @ (path == voice)) for voice in (0, 1))
    turns = int(np.count_nonzero(np.diff(path)))
    far *= min(1.0, least / (EVEN * max(float(lengths.sum()), 1e-6)))
    return min(1.0, max(0.0, (far - ONE_VOICE) / (TWO_VOICES - ONE_VOICE))) * min(1.0, least / ENOUGH, turns / TURNS)


def _costs(words: Sequence[Word]) -> list[float]:
    """(words - 1,): what a change of voice before each word but the first costs."""
    costs = []
    for before, word in pairwise(words):
        paused = PAUSED if word.start - before.end >= PAUSE else STAY
        costs.append(min(paused, ENDED if before.text.endswith(ENDS) else STAY))
    return costs


def _path(leaning: Floats, costs: Sequence[float]) -> tuple[Labels, Floats]:
    """(words,) the voices on the best path (Viterbi), and (words,) how sure each is.

    That is what the best path that goes otherwise there would lose, as 0 for nothing and near 1 for much.
    """
    gain = EVIDENCE / 2 * leaning
    ahead, behind = _lead(gain, costs), _lead(gain[::-1], costs[::-1])[::-1]
    lead = ahead + behind - 2 * gain
    return (lead < 0).astype(np.int64), np.tanh(np.abs(lead) / 2)


def _lead(gain: Floats, costs: Sequence[float]) -> Floats:
    """(words,): by how much the best path to each word that ends in the first voice leads the one in the second."""
    gains = [2 * float(gain[0])]
    for more, cost in zip(gain[1:], costs, strict=True):
        gains.append(min(cost, max(-cost, gains[-1])) + 2 * float(more))
    return np.array(gains)
