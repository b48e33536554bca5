"""What a matcher of words is learned from: calls, the words that each is asked about, and what its lines do with them.

Own words are asked of the calls of their policy. Known words are asked of all calls: they are described too, and teach
what a description is. A word may be described in several wordings, one of which is taken by chance each time.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from evals.lab.training.lines import Lines, by_label
from evals.lab.training.matcher_data import MatchedCall, call_in_basis
from numpy.typing import NDArray
from pydantic import RootModel

from ausweis.engines.heads import Probe, features, probabilities_of
from ausweis.engines.matcher import VERBS, in_basis
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.facts import sides_of
from ausweis.judging import find_policy
from ausweis.reading.chunks import Chunk
from ausweis.reading.described import asked_about
from ausweis.reading.dialogue import weighed
from ausweis.reading.questions import VERBS as KINDS
from ausweis.reading.questions import VERBS_OF, as_written
from ausweis.user_yaml import read_model
from ausweis.vocabulary import CATEGORIES, FACTORS, OwnKind, OwnWord, Texts

__all__ = ["AskedWord", "asked_words", "columns_of", "word_call", "wordings_of"]

Array = NDArray[np.float32]
Wordings = Mapping[str, Mapping[str, Sequence[str]]]


class _Wordings(RootModel[dict[str, dict[str, tuple[str, ...]]]]):
    """By policy and word, sentences."""


class AskedWord(NamedTuple):
    """A word as it is asked about. `policy`: the place of the one whose own word it is. `texts`: its wordings.

    `label`: as labels write it, behind a verb.
    """

    id: str
    label: str
    kind: OwnKind
    texts: tuple[str, ...]
    policy: str | None = None
    own: OwnWord | None = None


def wordings_of(path: Path | None) -> Wordings:
    """A file of wordings: by policy and word, other ways to say its description.

    Raises:
        InputError: it cannot be read as such; the place has the line.
    """
    return {} if path is None else read_model(path, _Wordings, "the wordings", InputError)[0].root


def asked_words(calls: Iterable[LabelledCall], wordings: Wordings) -> list[AskedWord]:
    """The known words, then the own ones of all policies of these calls."""
    known = [AskedWord(f.id, f.label, "factor", _texts(f.name, f.sentence)) for f in FACTORS.values() if f.looks_like]
    known += [AskedWord(c.id, c.label, c.kind, _texts(c.name, c.sentence)) for c in CATEGORIES.values()]
    own = []
    for place in dict.fromkeys(labelled.policy for labelled in calls):
        policy = find_policy(place).policy
        for word in policy.own_words:
            more = wordings.get(policy.id, {}).get(word.id, ())
            own.append(AskedWord(word.id, as_written(word), word.kind, _own_texts(word, more), place, word))
    return known + own


def _texts(name: Texts, sentence: Texts) -> tuple[str, ...]:
    return tuple(f"{name[language]}: {sentence[language]}" for language in name)


def _own_texts(word: OwnWord, more: Sequence[str]) -> tuple[str, ...]:
    """The description as it is asked by, and wordings: the first with the name, which is no word of other languages."""
    named = [f"{word.name}: {text}" for text in (word.description, *more[:1])]
    return tuple(" ".join(text.split()) for text in (*named, *more[1:]))


def word_call(
    labelled: LabelledCall,
    lines: Lines,
    questions: Sequence[Array],
    words: Sequence[AskedWord],
    probe: Probe,
    basis: dict[str, Array],
) -> MatchedCall:
    """A call with the words that it is asked about.

    `questions`: the states of those after it, each of shape (tokens, layers, width). `basis`: as `basis_of` and
    `question_shifts` make it.

    Known labels of calls that the probe has learned from are told too well: such calls are better left out.
    """
    asked = tuple(place for place, word in enumerate(words) if word.policy is None or word.policy == labelled.policy)
    rows = (probabilities_of(probe.scores(line)) for line in lines.seen)
    told = by_label(lines.chunks, probe.labels, rows)
    answered = [column for column, place in enumerate(asked) if (own := words[place].own) and asked_about([own])]
    seen = [features(question) for question in questions]
    return MatchedCall(
        id=labelled.call.id,
        lines=call_in_basis(lines.seen, basis),
        chunks=lines.chunks,
        described=asked,
        own=tuple(words[place].own is not None for place in asked),
        told=_told(labelled, lines.chunks, [words[place] for place in asked]),
        group=lines.group,
        questions=in_basis(basis, seen, "question") if seen else None,
        answered=tuple(answered),
        answers=weighed(lines.chunks, told, probe.dialogue),
    )


def columns_of(call: MatchedCall, words: Sequence[AskedWord]) -> dict[str, tuple[int, int]]:
    """By label, the column and the verb of what is `told` about it."""
    return {
        f"{verb} {words[word].label}": (column, VERBS.index(verb))
        for column, word in enumerate(call.described)
        for verb in VERBS_OF[words[word].kind]
    }


def _told(labelled: LabelledCall, chunks: Sequence[Chunk], words: Sequence[AskedWord]) -> Array:
    done: dict[tuple[str, str | None], set[int]] = {}
    for event in labelled.gold.events:
        done.setdefault((event.kind, event.subject), set()).add(event.turn)
    turns = [chunk.turn for chunk in chunks]
    told = np.full((len(chunks), len(words), len(VERBS)), np.nan, np.float32)
    for row, chunk in enumerate(chunks):
        for column, word in enumerate(words):
            for verb in VERBS_OF[word.kind]:
                if chunk.speaker in sides_of(KINDS[verb]):
                    happens = chunk.turn in done.get((KINDS[verb], word.id), ())
                    # Of a turn that was cut it is not known which chunk says it.
                    unknown = happens and turns.count(chunk.turn) > 1
                    told[row, column, VERBS.index(verb)] = np.nan if unknown else float(happens)
    return told
