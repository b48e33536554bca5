"""Memory and time by length: `python -m benchmarks.long_recording SPOKEN --hours 0.2 --hours 4 --talk 0.25`.

Puts the spoken calls of a folder (`python -m evals.lab.speak_calls SPOKEN`) end to end, again and again, with so much
silence between them that calls take that share of the recording, and transcribes each file in a process of its own:
seconds, those of the processors, and the most memory that it held. `--mono` mixes both sides: then voices are told
apart, and the language model is asked for the roles.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import click
import numpy as np
from numpy.typing import NDArray

from ausweis.audio.pcm import open_pcm

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

RATE = 8000
MINUTE = 60 * RATE
Samples = NDArray[np.int16]


@click.command()
@click.argument("spoken", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--hours", type=float, multiple=True, default=(0.2, 4.0), show_default=True)
@click.option("--talk", type=click.FloatRange(0.01, 1), default=0.25, show_default=True, help="The calls' share of it.")
@click.option("--mono", is_flag=True, help="Both sides on one channel.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/long"), show_default=True)
@click.option("--one", type=click.Path(path_type=Path), hidden=True)
def main(spoken: Path, hours: tuple[float, ...], talk: float, mono: bool, out: Path, one: Path | None) -> None:
    """Measure files of so many HOURS."""
    if one is not None:
        click.echo(json.dumps(_measured(one, out, mono)))
        return
    out.mkdir(parents=True, exist_ok=True)
    click.echo(f"{'hours':>6}{'talk':>6}{'turns':>7}{'words':>7}{'seconds':>9}{'of processors':>15}{'MiB':>7}")
    for length in hours:
        path = out / f"{length:g}h-{talk:g}{'-mono' if mono else ''}.wav"
        _write(sorted(spoken.glob("*.wav")), length, talk, mono, path)
        more = ["--mono"] if mono else []
        command = [
            sys.executable,
            "-m",
            "benchmarks.long_recording",
            str(spoken),
            "--out",
            str(out),
            "--one",
            str(path),
        ]
        done = subprocess.run([*command, *more], stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        click.echo(
            f"{length:>6g}{talk:>6g}{found['turns']:>7}{found['words']:>7}{found['seconds']:>9.0f}"
            f"{found['processors']:>15.0f}{found['mib']:>7.0f}"
        )


def _write(calls: list[Path], hours: float, talk: float, mono: bool, path: Path) -> None:
    """A-law at 8 kHz, as telephone systems record."""
    layout = "mono" if mono else "stereo"
    left = round(hours * 3600 * RATE)
    written = 0
    with av.open(str(path), "w") as container:
        stream = cast("AudioStream", container.add_stream("pcm_alaw", rate=RATE, layout=layout))
        for samples in _blocks(calls, talk):
            block = samples[:left]
            mixed = np.clip(block.astype(np.int32).sum(axis=1, keepdims=True), -32768, 32767) if mono else block
            frame = av.AudioFrame.from_ndarray(mixed.astype(np.int16).reshape(1, -1), format="s16", layout=layout)
            frame.sample_rate, frame.pts = RATE, written
            container.mux(stream.encode(frame))
            written += len(block)
            left -= len(block)
            if not left:
                break
        container.mux(stream.encode(None))


def _blocks(calls: list[Path], talk: float) -> Iterator[Samples]:
    """(samples, 2): each call, and the silence after it, over and over."""
    for call in cycle(calls):
        sound = open_pcm(call)
        if (sound.rate, sound.channels) != (RATE, 2):
            raise click.ClickException(f"{call} is no stereo at {RATE} Hz")
        yield from sound.read()
        silence = round(sound.length * (1 / talk - 1))
        for begin in range(0, silence, MINUTE):
            yield np.zeros((min(MINUTE, silence - begin), 2), np.int16)


def _measured(path: Path, out: Path, mono: bool) -> dict[str, float]:
    from ausweis.cli import cli

    place = out / path.stem
    (place / "transcripts.jsonl").unlink(missing_ok=True)
    begun = time.monotonic()
    told = [] if mono else ["--agent-channel", "left"]
    cli.main(["transcribe", str(path), "--out", str(place), *told], standalone_mode=False)
    (call,) = map(json.loads, (place / "transcripts.jsonl").read_text().splitlines())
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "turns": len(call["turns"]),
        "words": sum(len(turn["words"]) for turn in call["turns"]),
        "seconds": time.monotonic() - begun,
        "processors": used.ru_utime + used.ru_stime,
        "mib": used.ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
