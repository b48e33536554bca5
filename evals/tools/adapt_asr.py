"""Adapt Whisper to telephone calls: `python -m evals.tools.adapt_asr speak …`, then `… learn …`.

Speaks labelled calls in voices that no test call has, over lines of all kinds, and learns an adapter for the weights.
Needs the voices of `evals.tools.speak_calls`, torch and text2num.
"""

from pathlib import Path

import click
import numpy as np
from evals.tools.spoken import check_voices
from evals.tools.spoken.casting import TRAINING

from ausweis.audio.decode import RATE
from ausweis.engines.weights import locate_folder
from ausweis.engines.weights.adapter import save_adapter
from ausweis.errors import AusweisError
from ausweis.evals import LabelledCall, read_all
from ausweis.vocabulary import LANGUAGES

GERMAN = 0.8
"""Of the calls that are spoken."""


def chosen(calls: list[LabelledCall], count: int, seed: int) -> list[LabelledCall]:
    """So many calls that are written as people write, four of five German; the seed decides which."""
    clean = [labelled for labelled in calls if labelled.gold.tags.surface == "clean"]
    fitting = [clean[place] for place in np.random.default_rng(seed).permutation(len(clean))]
    wanted = {"de": round(GERMAN * count), "en": count - round(GERMAN * count)}
    return [
        one
        for language in LANGUAGES
        for one in [labelled for labelled in fitting if labelled.call.language == language][: wanted[language]]
    ]


@click.group()
def adapt() -> None:
    """Adapt Whisper to telephone calls."""


@adapt.command()
@click.argument("labelled", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A file .npz.")
@click.option("--count", type=click.IntRange(min=1), default=620, show_default=True, help="Calls.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes.")
def speak(labelled: tuple[Path, ...], out: Path, count: int, seed: int, jobs: int) -> None:
    """Speak LABELLED calls."""
    # Torch and the tokenizer are not needed to speak, nor the voices to learn.
    from evals.tools.adapting import speak_stretches

    try:
        check_voices(LANGUAGES, TRAINING)
        stretches = speak_stretches(chosen(list(read_all(list(labelled))), count, seed), seed, jobs)
    except AusweisError as error:
        raise click.ClickException(str(error)) from error
    stretches.save(out)
    click.echo(f"{len(stretches)} stretches, {stretches.samples.size / RATE / 3600:.1f} hours")


@adapt.command()
@click.argument("stretches", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A file .safetensors.")
@click.option("--model", default="whisper-base", show_default=True, help="Which to adapt.")
@click.option("--rounds", type=float, default=1.0, show_default=True)
@click.option("--rate", type=float, default=5e-4, show_default=True, help="Of learning, at its highest.")
@click.option("--seed", type=int, default=0, show_default=True)
def learn(stretches: Path, out: Path, model: str, rounds: float, rate: float, seed: int) -> None:
    """Learn an adapter from STRETCHES. Numbers of before (OUT.checkpoint) are gone on from."""
    from evals.tools import adapting

    def told(done: int, steps: int, loss: float, seconds: float) -> None:
        left = seconds / done * (steps - done) / 60
        click.echo(f"step {done} of {steps}, loss {loss:.3f}, {left:.0f} minutes left")

    found = locate_folder(model)
    course = adapting.Course(rounds, rate, seed)
    whisper = adapting.learn(
        found.path, adapting.Stretches.load(stretches), course, out.with_suffix(".checkpoint"), told
    )
    save_adapter(out, whisper.adapter(), f"{model} ({found.sha256[:12]}), {stretches.name}, {course}")


if __name__ == "__main__":
    adapt()
