"""Labelled calls as a speech recogniser hears them: `python -m evals.lab.hear_calls exact|learn|apply`.

    python -m evals.lab.speak_calls spoken/train                              # or any folder of ID.wav, ID.truth.json
    ausweis transcribe spoken/train --out heard/train --agent-channel left
    python -m evals.lab.hear_calls exact evals/golden/train.jsonl --pair stereo spoken/train heard/train --out FILE
    python -m evals.lab.hear_calls learn --pair stereo spoken/train heard/train --out noise.json
    python -m evals.lab.hear_calls apply evals/golden/train.jsonl --noise noise.json --condition stereo --out FILE

`exact` takes the calls that were spoken, turn by turn as they were heard; `learn` counts what the recogniser does to
words, numbers, marks and turns; `apply` does the same to calls that nobody spoke. Events keep to the turns in which
their words stand. What is lost with its words is counted.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import click
from evals.lab.noise import Moved, NoiseModel, Pair, as_heard, learn, lexicon_of, noised, read_pairs

from ausweis.audio.kept import TRANSCRIPTS_FILE
from ausweis.errors import InputError
from ausweis.evals import read_all
from ausweis.vocabulary import Language

GOLDEN = Path(__file__).parents[1] / "golden"
LANGUAGES: tuple[Language, ...] = ("de", "en")

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
_PAIRS = click.option(
    "--pair",
    "pairs",
    nargs=3,
    multiple=True,
    required=True,
    metavar="CONDITION SPOKEN HEARD",
    help="A folder of spoken calls, and one of their transcripts. May be given several times.",
)


@click.group()
def main() -> None:
    """Labelled calls as a speech recogniser hears them."""


@main.command()
@click.argument("labelled", nargs=-1, required=True, type=_FILE)
@_PAIRS
@_OUT
def exact(labelled: tuple[Path, ...], pairs: tuple[tuple[str, str, str], ...], out: Path) -> None:
    """Write the LABELLED calls that were spoken, as they were heard."""
    calls = {one.call.id: one for one in read_all(labelled)}
    found = [
        as_heard(calls[pair.truth.call_id], pair, condition)
        for condition, pair in _read(pairs)
        if pair.truth.call_id in calls
    ]
    _write(found, out)


@main.command(name="learn")
@_PAIRS
@click.option(
    "--written", multiple=True, type=_FILE, default=[GOLDEN / "train.jsonl"], help="Labelled calls in good spelling."
)
@_OUT
def learn_noise(pairs: tuple[tuple[str, str, str], ...], written: tuple[Path, ...], out: Path) -> None:
    """Learn a noise model from pairs of what was said and what was heard."""
    sorted_pairs: dict[Language, dict[str, list[Pair]]] = {}
    for condition, pair in _read(pairs):
        sorted_pairs.setdefault(pair.heard.language, {}).setdefault(condition, []).append(pair)
    clean = [one.call for one in read_all(written) if one.gold.tags.surface == "clean"]
    lexicons = {
        language: lexicon_of(
            (pair for some in conditions.values() for pair in some),
            (turn.text for call in clean if call.language == language for turn in call.turns),
        )
        for language, conditions in sorted_pairs.items()
    }
    noises = {
        language: {condition: learn(some, lexicons[language]) for condition, some in conditions.items()}
        for language, conditions in sorted_pairs.items()
    }
    NoiseModel(lexicons=lexicons, noises=noises).write(out)
    for language, conditions in noises.items():
        for condition, noise in conditions.items():
            fates = Counter(noise.numbers.fates)
            for counts in noise.fates.values():
                fates.update({"right" if fate == "heard" else fate: count for fate, count in counts.items()})
            click.echo(
                f"{language} {condition}: {noise.calls} calls, {noise.said} words, "
                f"{fates['right'] / max(fates.total(), 1):.3f} of them right"
            )


@main.command()
@click.argument("labelled", nargs=-1, required=True, type=_FILE)
@click.option("--noise", required=True, type=_FILE, help="A noise model.")
@click.option("--condition", required=True, help="Which of its conditions.")
@click.option("--count", type=click.IntRange(min=1), help="Only so many calls, the first ones.")
@click.option("--seed", type=int, default=1, show_default=True)
@_OUT
def apply(labelled: tuple[Path, ...], noise: Path, condition: str, count: int | None, seed: int, out: Path) -> None:
    """Write the LABELLED calls as they would have been heard; languages without such noise are left out."""
    model = NoiseModel.read(noise)
    known = [language for language in LANGUAGES if condition in model.noises.get(language, {})]
    if not known:
        raise InputError(f"the noise model knows no condition {condition}", place=str(noise))
    calls = (one for one in read_all(labelled) if one.call.language in known)
    found = [
        noised(one, model.of(one.call.language, condition), model.lexicons[one.call.language], seed, condition)
        for one in islice(calls, count)
    ]
    _write(found, out)


def _read(pairs: Iterable[tuple[str, str, str]]) -> Iterable[tuple[str, Pair]]:
    for condition, spoken, heard in pairs:
        for pair in read_pairs(Path(spoken), Path(heard) / TRANSCRIPTS_FILE):
            yield condition, pair


def _write(found: list[Moved], out: Path) -> None:
    out.write_text("".join(f"{one.labelled.line()}\n" for one in found), encoding="utf-8")
    lost = Counter(event.kind for one in found for event in one.lost)
    events = sum(len(one.labelled.gold.events) for one in found)
    click.echo(
        f"{out}: {len(found)} calls, {events} events; lost with their words {lost.total()}"
        + "".join(f", {kind} {count}" for kind, count in lost.most_common())
    )


if __name__ == "__main__":
    main()
