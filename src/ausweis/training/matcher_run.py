"""`ausweis train matcher`: reads calls that are labelled by descriptions, and learns what a description says."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.probe import features
from ausweis.errors import InputError
from ausweis.evals.incident_label import IncidentLabel
from ausweis.evals.labelled import read_all
from ausweis.prompts import default_library
from ausweis.reading.descriptions import description_line
from ausweis.training.learning import Bound
from ausweis.training.lines import KeptLines, collect, layers_of
from ausweis.training.matcher import LeftOut, learn_matcher
from ausweis.training.matcher_data import AskedCall, Described
from ausweis.training.matcher_network import MatchPlan
from ausweis.training.options import Options, drawn
from ausweis.training.tasks import INCIDENT_TASK, told_of

__all__ = ["train_matcher"]


def train_matcher(options: Options) -> Path:
    """Train, write; the path of what was written.

    Raises:
        InputError: no call is labelled by a description, or there is no place for what is learned.
        AusweisError: the model cannot be loaded, or a file cannot be read.
    """
    template = default_library().get(options.template)
    described = [call for call in read_all(options.labelled) if call.gold.incidents and call.gold.incidents.own]
    if not described:
        raise InputError("no call is labelled by a description of a company's own")
    engine = LlamaEngine.load(options.model)
    layers = layers_of(engine.layers)
    about = f"learned from {', '.join(path.name for path in options.labelled)}"
    keep = options.keeper("matcher", template, engine.info, about)
    with options.progress(drawn(described, options.limit)) as calls:
        kept = list(collect(engine, template, calls, layers, options.work))
    labels = [call.gold.incidents for call, _ in kept if call.gold.incidents]
    sides = {own.description: own.speaker for label in labels for own in label.own}
    rows = (engine.states(description_line(template, text, side), layers) for text, side in sides.items())
    seen = [features(states) for row in rows for states in row]
    descriptions = [Described(text, line) for text, line in zip(sides, seen, strict=True)]
    options.tell("Learning, which takes some minutes ...")
    asked = _asked(labels, KeptLines(kept, INCIDENT_TASK), list(sides))
    matcher = learn_matcher(
        asked,
        descriptions,
        Bound(template, engine.info.sha256, layers, about),
        MatchPlan(rounds=options.rounds or MatchPlan.rounds),
        lambda told: _show(asked, told, options),
    )
    path = keep(matcher)
    options.tell(f"{path}: {matcher.notes}")
    return path


def _asked(labels: Sequence[IncidentLabel], lines: KeptLines, texts: list[str]) -> list[AskedCall]:
    calls = []
    for label, call in zip(labels, lines, strict=True):
        asked = {texts.index(own.description): told_of(label, own, call.chunks) for own in label.own}
        calls.append(AskedCall(call.seen, asked, texts.index(label.own[0].description)))
    return calls


def _show(calls: Sequence[AskedCall], told: Sequence[LeftOut], options: Options) -> None:
    """How well lines and calls are told, of descriptions that a network has not seen; also against other calls'."""
    truth = [calls[answer.call].asked[answer.description] for answer in told]
    lines, scores = np.concatenate(truth), np.concatenate([answer.scores for answer in told])
    known = ~np.isnan(lines)
    options.tell(_measured("lines", lines[known] > 0, scores[known]))
    rows = [(part[~np.isnan(part)], answer.scores[~np.isnan(part)]) for part, answer in zip(truth, told, strict=True)]
    happens = np.array([bool(part.any()) for part, _ in rows])
    likeliest = np.array([float(score.max(initial=-50.0)) for _, score in rows])
    own = np.array([answer.description == calls[answer.call].first for answer in told])
    options.tell(_measured("calls", happens, likeliest))
    options.tell(_measured("calls, against near twins alone", happens[own], likeliest[own]))
    options.tell(_measured("calls, against others alone", happens[happens | ~own], likeliest[happens | ~own]))
    bars = np.unique(likeliest)
    f1 = [2 * (happens & (likeliest >= bar)).sum() / (happens.sum() + (likeliest >= bar).sum()) for bar in bars]
    options.tell(f"best F1 of calls {max(f1):.3f}")


def _measured(name: str, truth: NDArray[np.bool_], scores: NDArray[np.float32]) -> str:
    from sklearn.metrics import average_precision_score, roc_auc_score

    if truth.all() or not truth.any():
        return f"{name}: {len(truth)}, all alike"
    ranked, area = average_precision_score(truth, scores), roc_auc_score(truth, scores)
    return f"{name}: {int(truth.sum())} of {len(truth)}, average precision {ranked:.3f}, area under ROC {area:.3f}"
