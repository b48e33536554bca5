"""Adapt Whisper to telephone calls: `python -m evals.lab.adapt_asr speak …`, then `… learn …`.

Speaks labelled calls in voices that no test call has, over lines of all kinds, and learns an adapter for the weights.
Needs the voices of `evals.lab.speak_calls`, torch, text2num and Faker.
"""

from collections.abc import Iterable
from pathlib import Path

import click
import numpy as np
from evals.lab.adapter_file import save_adapter
from evals.lab.spoken import check_voices
from evals.lab.spoken.casting import TRAINING

from ausweis.audio.decode import RATE
from ausweis.engines.weights import locate_folder
from ausweis.errors import AusweisError
from ausweis.evals import LabelledCall, read_all
from ausweis.vocabulary import LANGUAGES, Language

GERMAN = 0.8
"""Of the calls that are spoken."""
VALUES_GERMAN = 0.65
"""Of the turns with other values: English has more of them than of the calls."""


def written_by_people(calls: Iterable[LabelledCall]) -> list[LabelledCall]:
    """Those that do not look as if an ASR model had written them."""
    return [labelled for labelled in calls if labelled.gold.tags.surface == "clean"]


def chosen(calls: list[LabelledCall], count: int, seed: int) -> list[LabelledCall]:
    """So many calls, four of five German; the seed decides which."""
    shuffled = [calls[place] for place in np.random.default_rng(seed).permutation(len(calls))]
    wanted = shares(count, GERMAN)
    return [
        one
        for language in LANGUAGES
        for one in [labelled for labelled in shuffled if labelled.call.language == language][: wanted[language]]
    ]


def shares(count: int, german: float) -> dict[Language, int]:
    """How many of so many are of which language."""
    return {"de": round(german * count), "en": count - round(german * count)}


@click.group()
def adapt() -> None:
    """Adapt Whisper to telephone calls."""


@adapt.command()
@click.argument("labelled", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A file .npz.")
@click.option("--count", type=click.IntRange(min=0), default=620, show_default=True, help="Calls.")
@click.option("--values", type=click.IntRange(min=0), default=0, show_default=True, help="Turns with other values.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes.")
def speak(labelled: tuple[Path, ...], out: Path, count: int, values: int, seed: int, jobs: int) -> None:
    """Speak LABELLED calls, and turns of them with other numbers, dates and names in them."""
    # Torch and the tokenizer are not needed to speak, nor the voices to learn.
    from evals.lab.adapting import scripts_of, speak_stretches, value_scripts

    try:
        check_voices(LANGUAGES, TRAINING)
        calls = written_by_people(read_all(list(labelled)))
        scripts = scripts_of(chosen(calls, count, seed)) + value_scripts(calls, shares(values, VALUES_GERMAN), seed)
        stretches = speak_stretches(scripts, seed, jobs)
    except AusweisError as error:
        raise click.ClickException(str(error)) from error
    stretches.save(out)
    click.echo(f"{len(stretches)} stretches, {stretches.samples.size / RATE / 3600:.1f} hours")


@adapt.command()
@click.argument("stretches", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A file .safetensors.")
@click.option("--model", default="whisper-base", show_default=True, help="Which to adapt.")
@click.option(
    "--earlier", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An adapter to begin from."
)
@click.option("--rounds", type=float, default=1.0, show_default=True)
@click.option("--rate", type=float, default=5e-4, show_default=True, help="Of learning, at its highest.")
@click.option("--seed", type=int, default=0, show_default=True)
def learn(stretches: Path, out: Path, model: str, earlier: Path | None, rounds: float, rate: float, seed: int) -> None:
    """Learn an adapter from STRETCHES. Numbers of before (OUT.checkpoint) are gone on from."""
    from evals.lab import adapting

    def told(done: int, steps: int, loss: float, seconds: float) -> None:
        left = seconds / done * (steps - done) / 60
        click.echo(f"step {done} of {steps}, loss {loss:.3f}, {left:.0f} minutes left")

    found = locate_folder(model)
    course = adapting.Course(rounds, rate, seed)
    whisper = adapting.learn(
        found.path, adapting.Stretches.load(stretches), course, out.with_suffix(".checkpoint"), told, earlier
    )
    begun = f"{earlier.name}, " if earlier else ""
    save_adapter(out, whisper.adapter(), f"{model} ({found.sha256[:12]}), {begun}{stretches.name}, {course}")


if __name__ == "__main__":
    adapt()
