"""Probes that have learned nothing, for tests of what is done with one."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from ausweis.engines.heads import BUCKETS, PARTS, AnswerProbe, Ngrams, Probe, ngrams_of
from ausweis.engines.matcher import MATCHER_PARTS, VERBS, Matcher, WordMatcher
from ausweis.prompts import Template

_Form = TypeVar("_Form", bound=Matcher)


def blank(template: Template, labels: Sequence[str], model_sha256: str = "0" * 64) -> Probe:
    """Each label is as likely as not."""
    sizes = {"f": 1, "g": 2, "k": len(labels)}
    return Probe(
        labels=tuple(labels),
        layers=(1,),
        parts={name: np.zeros([sizes.get(axis, 1) for axis in axes], np.float32) for name, axes in PARTS.items()},
        template=template.name,
        template_sha256=template.sha256,
        model_sha256=model_sha256,
        notes="",
    )


def by_chance(labels: Sequence[str], layers: Sequence[int], width: int, model_sha256: str = "0" * 64) -> Probe:
    """Weights by chance, the same each time. `width`: numbers in a state."""
    chance = np.random.default_rng(1)
    sizes = dict(zip("demhvwk", (6, 5, 2, 3, 4, 7, len(labels)), strict=True))
    sizes |= {"f": len(layers) * width, "g": 2 * len(layers) * width}
    shapes = {name: [sizes[axis] for axis in axes] for name, axes in PARTS.items()}
    return Probe(
        labels=tuple(labels),
        layers=tuple(layers),
        # What half precision can hold: a saved probe is the same as before.
        parts={n: chance.normal(0, 0.5, shape).astype(np.float16).astype(np.float32) for n, shape in shapes.items()},
        template="weather@1",
        template_sha256="a" * 64,
        model_sha256=model_sha256,
        notes="{}",
    )


def answers_by_chance(
    labels: Sequence[str],
    layers: Sequence[int],
    features: int,
    model_sha256: str = "0" * 64,
    template: Template | None = None,
) -> AnswerProbe:
    """Weights by chance, the same each time; answers count as much as lines. `features`: of all questions."""
    weights = np.random.default_rng(2).normal(0, 0.5, (features, len(labels))).astype(np.float16)
    return AnswerProbe(
        labels=tuple(labels),
        layers=tuple(layers),
        parts={
            "weights": weights.astype(np.float32),
            "bias": np.zeros(len(labels), np.float32),
            "stacking": np.tile(np.array([1.0, 1.0, 0.0], np.float32), (len(labels), 1)),
        },
        template=template.name if template else "weather@1",
        template_sha256=template.sha256 if template else "a" * 64,
        model_sha256=model_sha256,
        notes="",
    )


def ngrams_of_words(label: str, *words: str, template: Template | None = None, model_sha256: str = "0" * 64) -> Ngrams:
    """One label that each of the words speaks for; words alone count as much as the probe."""
    weights = np.zeros((BUCKETS, 1), np.float32)
    weights[[bucket for word in words for bucket in ngrams_of(word)]] = 4.0
    return Ngrams(
        labels=(label,),
        layers=(),
        parts={
            "rarity": np.ones(BUCKETS, np.float32),
            "weights": weights,
            "bias": np.full(1, -2.0, np.float32),
            "stacking": np.array([[1.0, 1.0, 0.0]], np.float32),
        },
        template=template.name if template else "weather@1",
        template_sha256=template.sha256 if template else "a" * 64,
        model_sha256=model_sha256,
        notes="",
    )


def matcher_by_chance(
    layers: Sequence[int], width: int, model_sha256: str = "0" * 64, template: Template | None = None
) -> Matcher:
    """Weights by chance, the same each time. `width`: numbers in a state."""
    return _matcher(Matcher, 1, 1, layers, width, model_sha256, template)


def words_by_chance(
    layers: Sequence[int], width: int, model_sha256: str = "0" * 64, template: Template | None = None
) -> WordMatcher:
    """Weights by chance, the same each time. `width`: numbers in a state."""
    return _matcher(WordMatcher, len(VERBS), 2 * len(VERBS), layers, width, model_sha256, template)


def _matcher(
    form: type[_Form],
    outputs: int,
    weighed: int,
    layers: Sequence[int],
    width: int,
    model_sha256: str,
    template: Template | None,
) -> _Form:
    chance = np.random.default_rng(4)
    sizes = dict(zip("demrpnqxwoviu", (6, 5, 2, 4, 3, 3, 2, 4, 5, outputs, weighed, 40, 3), strict=True))
    sizes |= {"f": len(layers) * width, "g": 2 * len(layers) * width, "h": 3 + 2 + 4}
    shapes = {name: [sizes[axis] for axis in axes] for name, axes in MATCHER_PARTS.items()}
    return form(
        layers=tuple(layers),
        parts={n: chance.normal(0, 0.5, shape).astype(np.float16).astype(np.float32) for n, shape in shapes.items()},
        template=template.name if template else "weather@1",
        template_sha256=template.sha256 if template else "a" * 64,
        model_sha256=model_sha256,
        notes="{}",
    )
