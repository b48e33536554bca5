"""Memory by length: `python benchmarks/long_recording.py SPOKEN --hours 0.2 --hours 4`.

Puts the spoken calls of a folder (`python -m evals.tools.speak_calls SPOKEN`) end to end, with silence behind them up
to so many hours, and transcribes each file in a process of its own: seconds, and the most memory that it held.
"""

import json
import resource
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

RATE = 8000
MINUTE = 60 * RATE


@click.command()
@click.argument("spoken", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--hours", type=float, multiple=True, default=(0.2, 4.0), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/long"), show_default=True)
@click.option("--one", type=click.Path(path_type=Path), hidden=True)
def main(spoken: Path, hours: tuple[float, ...], out: Path, one: Path | None) -> None:
    """Measure files of so many HOURS."""
    if one is not None:
        click.echo(json.dumps(_measured(one, out)))
        return
    out.mkdir(parents=True, exist_ok=True)
    click.echo(f"{'hours':>6}{'turns':>7}{'seconds':>9}{'MiB':>7}")
    for length in hours:
        path = out / f"{length:g}h.wav"
        _write(sorted(spoken.glob("*.wav")), length, path)
        command = [sys.executable, __file__, str(spoken), "--out", str(out), "--one", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        click.echo(f"{length:>6g}{found['turns']:>7}{found['seconds']:>9.0f}{found['mib']:>7.0f}")


def _write(calls: list[Path], hours: float, path: Path) -> None:
    """Stereo, µ-law at 8 kHz: the calls, then silence."""
    import av
    import numpy as np

    wanted = round(hours * 3600 * RATE)
    with av.open(str(path), "w") as container:
        stream = cast("AudioStream", container.add_stream("pcm_mulaw", rate=RATE, layout="stereo"))
        written = 0

        def add(samples: "np.ndarray[tuple[int, int], np.dtype[np.int16]]") -> None:
            nonlocal written
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, written, Fraction(1, RATE)
            container.mux(stream.encode(frame))
            written += samples.shape[1] // 2

        for call in calls:
            with av.open(str(call)) as source:
                resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
                for decoded in source.decode(audio=0):
                    for frame in resampler.resample(decoded):
                        if written < wanted:
                            add(frame.to_ndarray().astype(np.int16))
        while written < wanted:
            add(np.zeros((1, 2 * min(MINUTE, wanted - written)), dtype=np.int16))
        container.mux(stream.encode(None))


def _measured(path: Path, out: Path) -> dict[str, float]:
    from ausweis.cli import cli

    place = out / path.stem
    (place / "transcripts.jsonl").unlink(missing_ok=True)
    begun = time.monotonic()
    arguments = ["transcribe", str(path), "--out", str(place), "--agent-channel", "left", "--language", "en", "--quiet"]
    cli.main(arguments, standalone_mode=False)
    (call,) = map(json.loads, (place / "transcripts.jsonl").read_text().splitlines())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"turns": len(call["turns"]), "seconds": time.monotonic() - begun, "mib": peak}


if __name__ == "__main__":
    main()
