"""Learn the matcher of a template for a model: `python evals/train_matcher.py`.

Reads the calls that are labelled by descriptions with the model (two to three seconds a call on two cores, and some
megabytes kept in a folder, so that a stopped run goes on), shows how well calls are told whose description was left
out, learns from all, and writes `prompts/incidents/N.MODEL.matcher.safetensors`. Needs the extra `train`.
"""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from ausweis.engines import catalogue
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.probe import features
from ausweis.evals.incident_case import IncidentCase, read_incident_cases
from ausweis.evals.incident_probe import INCIDENT_TASK, told_of
from ausweis.evals.matching import AskedCall, Described, LeftOut, MatchPlan, learn_matcher
from ausweis.evals.probe_lines import KeptLines, collect, layers_of
from ausweis.prompts import default_library
from ausweis.reading.incidents import description_line
from ausweis.reading.strategies import INCIDENTS_TEMPLATE, matcher_path

LABELLED = Path(__file__).parent / "incidents" / "described-train.jsonl"


@click.command()
@click.option("--model", default=catalogue.default_id(), show_default=True, help="Catalogue id or path of a GGUF file.")
@click.option("--template", default=INCIDENTS_TEMPLATE, show_default=True, help="Or another version, or a file.")
@click.option(
    "--labelled",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Labelled calls (JSONL); repeatable. Default: those that ours was learned from.",
)
@click.option("--limit", type=click.IntRange(min=10), help="Only the first so many calls.")
@click.option("--rounds", type=click.IntRange(min=1), default=MatchPlan.rounds, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Beside the template, unless given.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/probes"), show_default=True)
def train(
    model: str,
    template: str,
    labelled: tuple[Path, ...],
    limit: int | None,
    rounds: int,
    out: Path | None,
    work: Path,
) -> None:
    """Train a matcher from calls labelled by descriptions."""
    asked = default_library().get(template)
    labelled = labelled or (LABELLED,)
    cases = [case for case in read_incident_cases(labelled) if case.gold.described][:limit]
    if not cases:
        raise click.ClickException("no call is labelled by a description")
    engine = LlamaEngine.load(model)
    layers = layers_of(engine.layers)
    with click.progressbar(cases, label="Reading", item_show_func=lambda one: one.call.id if one else "") as shown:
        kept = list(collect(engine, asked, shown, layers, work))
    sides = {own.description: own.speaker for case in cases for own in case.gold.described}
    rows = (engine.states(description_line(asked, text, side), layers) for text, side in sides.items())
    seen = [features(states) for row in rows for states in row]
    descriptions = [Described(text, one) for text, one in zip(sides, seen, strict=True)]
    click.echo("Learning, which takes some minutes ...")
    calls = _calls([case for case, _ in kept], KeptLines(kept, INCIDENT_TASK), list(sides))
    about = f"learned from {', '.join(path.name for path in labelled)}"
    sha256 = engine.info.model_sha256
    matcher = learn_matcher(
        calls, descriptions, asked, sha256, layers, about, MatchPlan(rounds=rounds), lambda found: _show(calls, found)
    )
    path = out or matcher_path(asked, engine.info.model_id)
    matcher.save(path)
    click.echo(f"{path}: {matcher.notes}")


def _calls(cases: Sequence[IncidentCase], lines: KeptLines[IncidentCase], texts: list[str]) -> list[AskedCall]:
    found = []
    for case, one in zip(cases, lines, strict=True):
        asked = {texts.index(own.description): told_of(own, one.pieces) for own in case.gold.described}
        found.append(AskedCall(one.seen, asked, texts.index(case.gold.described[0].description)))
    return found


def _show(calls: Sequence[AskedCall], found: Sequence[LeftOut]) -> None:
    """How well lines and calls are told, of descriptions that a network has not seen; also against other calls'."""
    truth = [calls[one.call].asked[one.description] for one in found]
    lines, scores = np.concatenate(truth), np.concatenate([one.scores for one in found])
    known = ~np.isnan(lines)
    click.echo(_measured("lines", lines[known] > 0, scores[known]))
    rows = [(some[~np.isnan(some)], one.scores[~np.isnan(some)]) for some, one in zip(truth, found, strict=True)]
    happens = np.array([bool(some.any()) for some, _ in rows])
    likeliest = np.array([float(score.max(initial=-50.0)) for _, score in rows])
    own = np.array([one.description == calls[one.call].first for one in found])
    click.echo(_measured("calls", happens, likeliest))
    click.echo(_measured("calls, against near twins alone", happens[own], likeliest[own]))
    click.echo(_measured("calls, against others alone", happens[happens | ~own], likeliest[happens | ~own]))
    bars = np.unique(likeliest)
    f1 = [2 * (happens & (likeliest >= bar)).sum() / (happens.sum() + (likeliest >= bar).sum()) for bar in bars]
    click.echo(f"best F1 of calls {max(f1):.3f}")


def _measured(name: str, truth: np.ndarray, scores: np.ndarray) -> str:
    if truth.all() or not truth.any():
        return f"{name}: {len(truth)}, all alike"
    ranked, area = average_precision_score(truth, scores), roc_auc_score(truth, scores)
    return f"{name}: {int(truth.sum())} of {len(truth)}, average precision {ranked:.3f}, area under ROC {area:.3f}"


if __name__ == "__main__":
    train()
