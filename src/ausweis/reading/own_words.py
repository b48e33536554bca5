"""A policy's own words, read by their descriptions in the same reading of the call as everything else.

A matcher of words compares each line with each description; what the lines around it say is weighed with that.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ausweis.engines.probe import Probe
from ausweis.engines.protocol import Transcript
from ausweis.engines.word_matcher import VERBS, WordMatcher, WordProbe
from ausweis.prompts import Template
from ausweis.reading.chunks import Chunk
from ausweis.reading.descriptions import description_line
from ausweis.reading.dialogue import weighed
from ausweis.reading.own_labels import OwnLabel, own_labels
from ausweis.reading.word_evidence import Piece, pieces
from ausweis.vocabulary import OwnWord

__all__ = ["OwnWords"]


@dataclass(frozen=True)
class OwnWords:
    """The own words of a policy, and what was learned to read them with a template."""

    words: tuple[OwnWord, ...]
    matcher: WordMatcher
    template: Template

    @property
    def labels(self) -> tuple[OwnLabel, ...]:
        """All that may be done with them."""
        return own_labels(self.words)

    @property
    def rows(self) -> tuple[Transcript, ...]:
        """What lines are compared with: the words' names and descriptions, in their order."""
        return tuple(description_line(self.template, f"{word.name}: {word.description}") for word in self.words)

    def probe(self, probe: Probe, speaker: str) -> WordProbe:
        """What tells the labels of a probe, and those of the own words that this speaker's lines may have."""
        places = {own.label: (own.place, VERBS.index(own.verb)) for own in self.labels if own.speaker == speaker}
        return WordProbe(probe, self.matcher, places)

    def weighed(
        self, chunks: Sequence[Chunk], answers: Sequence[Mapping[str, float]], dialogue: Sequence[float]
    ) -> list[dict[str, float]]:
        """The answers, known labels and own ones, with their probabilities from all evidence.

        `dialogue`: what known labels are weighed by before, as if there were no own words: so it was learned.
        """
        own_names = {label.label for label in self.labels}
        known = [{label: told for label, told in answer.items() if label not in own_names} for answer in answers]
        anew = weighed(chunks, known, dialogue)
        weighted = [{**answer, **other} for answer, other in zip(answers, anew, strict=True)]
        alike: defaultdict[tuple[str, bool], list[Piece]] = defaultdict(list)
        for piece in pieces(chunks, weighted, self.labels):
            alike[piece.verb, piece.own].append(piece)
        for (verb, own), some in alike.items():
            evidence = np.array([piece.evidence for piece in some], np.float32)
            scores = self.matcher.weigh(verb, evidence, own=own)
            for piece, score in zip(some, scores, strict=True):
                weighted[piece.place][piece.label] = 1 / (1 + math.exp(-float(score)))
        return weighted
