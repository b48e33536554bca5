"""`train roles`: the words that tell the agent from the caller, learned from calls whose sides are known.

A logistic regression over what one side alone says (`audio.role_words`). Kept are words that stand in many places of
the files, so that no name and no company's greeting is learned, and of these the ones that weigh most.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from evals.lab.training.calls import splits_of
from numpy.typing import NDArray
from scipy.sparse import vstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from ausweis.audio.roles import FILE_NAME, FORMAT, SHIPPED_WORDS, said_by
from ausweis.calls import Call, UnreadableCall, read_calls
from ausweis.engines.learned_index import SHIPPED, index_to_write
from ausweis.errors import InputError
from ausweis.journal import replace_file

Said = dict[str, int]
"""What the agent alone says as 1, what the caller alone says as -1."""

PLACES = 60
"""Stretches of calls, which stand in the files as they were written or recorded: neighbours are much alike."""
SPREAD = 25
"""A word that fewer of them have is rather a name than a word."""
MOST = 2000
PENALTY = 0.3
"""C of the regression: by calls left out, also of other trades, and with turns given to the wrong side."""
FEWEST = 50


def learn_roles(files: Sequence[Path], out: Path | None, tell: Callable[[str], None]) -> None:
    """Learn from all calls of the files, tell how well calls are told that were left out, and write the words.

    Raises:
        InputError: too few calls have two sides or share their words, or there is nowhere to write to.
        ModelError: the folder of learned parts or its index cannot be read.
        RunError: the file cannot be written.
    """
    found = list(read_calls(files))
    unreadable = [call for call in found if isinstance(call, UnreadableCall)]
    # The reasons hold no words of a call.
    left_out = f"{len(unreadable)} cannot be read, the first: {unreadable[0]}" if unreadable else ""
    said = []
    for call in found:
        if isinstance(call, Call) and {"agent", "caller"} <= {turn.speaker for turn in call.turns}:
            agent, caller = said_by(call.turns, "agent"), said_by(call.turns, "caller")
            said.append(dict.fromkeys(agent - caller, 1) | dict.fromkeys(caller - agent, -1))
    if len(said) < FEWEST:
        few = f"{len(said)} calls with an agent and a caller: {FEWEST} are the fewest to learn from"
        raise InputError(f"{few}; {left_out}" if left_out else few)
    if left_out:
        tell(f"calls left out: {left_out}")
    folder = SHIPPED if out else index_to_write().folder
    path = out or (SHIPPED_WORDS if folder == SHIPPED else folder / FILE_NAME)
    _show_left_out(said, tell)
    weights = _learned(said)
    content = {"schema": FORMAT, "calls": len(said), "weights": weights}
    replace_file(path, json.dumps(content, ensure_ascii=False, indent=0) + "\n")
    tell(f"{len(weights)} words from {len(said)} calls: {path}")


def _show_left_out(said: Sequence[Said], tell: Callable[[str], None]) -> None:
    """How often the words are right of calls that they were not learned from, and how sure."""
    told = np.zeros(len(said))
    for inside, outside in splits_of([str(place) for place in _places(len(said))]):
        weights = _learned([said[at] for at in inside])
        told[outside] = [sum(weights.get(word, 0.0) * side for word, side in said[at].items()) for at in outside]
    loss = float(np.mean(np.logaddexp(0, -told)))
    tell(f"left out: right in {np.mean(told > 0):.4f} of {len(told)} calls, log loss {loss:.4f}")


def _places(calls: int) -> NDArray[np.int64]:
    """(calls,): the stretch that each call stands in."""
    return np.asarray(np.arange(calls) * min(PLACES, calls) // calls, dtype=np.int64)


def _learned(said: Sequence[Said]) -> dict[str, float]:
    """Weights by word, in the order of the alphabet.

    Raises:
        InputError: no word stands in enough places.
    """
    table = DictVectorizer()
    # (calls, words): 1, -1, or 0 where both or none say it.
    calls, places = table.fit_transform(said), _places(len(said))
    of_places = np.stack([calls[places == place].getnnz(axis=0) > 0 for place in range(max(places) + 1)])
    common = np.flatnonzero(of_places.sum(axis=0) >= SPREAD)
    if not common.size:
        raise InputError("too few calls share their words: give more")
    calls, words = calls[:, common], table.get_feature_names_out()[common]
    strewn = np.sqrt(np.asarray(calls.power(2).mean(axis=0))).ravel()
    kept = np.sort(np.argsort(-np.abs(_fitted(calls)) * strewn, kind="stable")[:MOST])
    weights = zip(words[kept], _fitted(calls[:, kept]), strict=True)
    return {str(word): rounded for word, weight in weights if (rounded := round(float(weight), 3))}


def _fitted(calls: Any) -> NDArray[np.float64]:
    """(words,): each call is shown both ways round, so nothing but the words can tell."""
    model = LogisticRegression(C=PENALTY, fit_intercept=False, max_iter=500)
    model.fit(vstack([calls, -calls]), np.repeat([1, 0], calls.shape[0]))
    return np.asarray(model.coef_[0], dtype=np.float64)
