"""Many recordings by one command, killed and said again: `python -m benchmarks.many_recordings SPOKEN --count 200`.

Cuts the spoken stereo calls of a folder (`python -m evals.lab.speak_calls SPOKEN`) at turns into pieces of at least
`--seconds`, and makes so many recordings of them, each with an id of its own. `ausweis score`, or `transcribe`, runs
over them, is killed (SIGKILL) at `--kills` random moments, and goes on each time. What must hold is checked: each
recording has one transcript and one verdict, and what stood there before a kill stands there unchanged, so that nothing
was heard twice or lost. Told are seconds a recording, of the clock and of the processors, and the memory that the last
process held after each tenth of what it did.
"""

import json
import random
import resource
import sqlite3
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import click

from ausweis.audio.wav import A_LAW, MU_LAW, Wav

POLICY = "telecom-de"
NEW_LINE = b"\n"
STORE = "calls.sqlite"
ROWS = {
    "verdicts": "SELECT call_id, body FROM verdicts JOIN calls ON calls.key = call_key ORDER BY verdicts.key",
    "transcripts": "SELECT call_id, texts.body FROM texts JOIN calls ON calls.key = call_key ORDER BY call_key",
    "failures": "SELECT call_id, message FROM failures ORDER BY key",
}
LOOK = 0.5
"""Seconds between two looks at a process."""


@click.command()
@click.argument("spoken", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--count", type=click.IntRange(2), default=200, show_default=True, help="How many recordings.")
@click.option("--seconds", type=float, default=20.0, show_default=True, help="The shortest piece.")
@click.option("--kills", type=click.IntRange(0), default=5, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the moments.")
@click.option("--transcribe", is_flag=True, help="`ausweis transcribe` instead of `score`.")
@click.option("--agent-channel", type=click.Choice(["left", "right"]), help="As the command takes it.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/many"), show_default=True)
def main(
    spoken: Path,
    count: int,
    seconds: float,
    kills: int,
    seed: int,
    transcribe: bool,
    agent_channel: str | None,
    out: Path,
) -> None:
    """Score or transcribe so many recordings, kill, and say it again."""
    folder = out / "recordings"
    folder.mkdir(parents=True)
    length = _make(spoken, folder, count, seconds)
    run = out / "run"
    run.mkdir(exist_ok=True)
    names = ("transcripts",) if transcribe else ("verdicts", "transcripts")
    wanted = ["transcribe", "--out", str(run)] if transcribe else ["score", "--store", str(run / STORE)]
    command = [sys.executable, "-m", "ausweis", *wanted, str(folder), "--policy", POLICY]
    command += ["--agent-channel", agent_channel] if agent_channel else []
    chance = random.Random(seed)
    begun = time.monotonic()
    kept = dict.fromkeys(names, b"")
    for number, done in enumerate(sorted(chance.sample(range(1, count), kills)), start=1):
        _killed(_next(command), run / f"{names[0]}.jsonl", done, chance.uniform(0, 2 * seconds / 5))
        kept = _kept(run, kept)
        click.echo(f"kill {number}: " + ", ".join(f"{lines.count(NEW_LINE)} {name}" for name, lines in kept.items()))
    _last(_next(command), run / f"{names[0]}.jsonl")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall, processors = time.monotonic() - begun, used.ru_utime + used.ru_stime
    click.echo(
        f"{count} recordings, {length / 60:.0f} min of sound: {wall / count:.1f} s each, {processors / count:.1f} s of "
        f"processors; {wall / length:.2f} and {processors / length:.2f} s a second of sound"
    )
    _check(run, count, _kept(run, kept))


def _make(spoken: Path, folder: Path, count: int, seconds: float) -> float:
    """So many recordings, made of all pieces in turn; how long they are in all, in seconds."""
    pieces = [piece for path in sorted(spoken.glob("*.wav")) for piece in _pieces(path, seconds)]
    if not pieces:
        raise click.ClickException(f"{spoken} holds no spoken call of {seconds:g} s")
    for number, (header, data) in enumerate(islice(cycle(pieces), count)):
        (folder / f"call{number:05}.wav").write_bytes(header + data)
    return sum(len(data) for _, data in islice(cycle(pieces), count)) / (2 * 8000)


def _pieces(path: Path, seconds: float) -> Iterator[tuple[bytes, bytes]]:
    """Header and sound of each piece: from the beginning of a turn to that of another."""
    wav = Wav.read(path)
    if wav is None or (wav.channels, wav.rate) != (2, 8000) or wav.coding not in (A_LAW, MU_LAW):
        raise click.ClickException(f"{path} is no stereo at 8 kHz, A-law or µ-law")
    sound = path.read_bytes()[wav.begin : wav.begin + wav.size]
    turns = json.loads(path.with_name(f"{path.stem}.truth.json").read_text(encoding="utf-8"))["turns"]
    begin = 0.0
    for start in [turn["start"] for turn in turns[1:]] + [len(sound) / 16000]:
        if start - begin >= seconds:
            data = sound[2 * round(begin * 8000) : 2 * round(start * 8000)]
            about = struct.pack("<HHIIHH", wav.coding, 2, 8000, 16000, 2, 8)
            size = struct.pack("<I", len(data))
            riff = b"RIFF" + struct.pack("<I", len(data) + 36) + b"WAVEfmt \x10\0\0\0"
            yield riff + about + b"data" + size, data
            begin = start


def _next(command: list[str]) -> "subprocess.Popen[bytes]":
    """The command, for the first time or going on."""
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def _killed(process: "subprocess.Popen[bytes]", path: Path, done: int, later: float) -> None:
    """Kill the process some seconds after so many lines are there."""
    while _whole(path).count(NEW_LINE) < done:
        if process.poll() is not None:
            raise click.ClickException(f"the command ended before it was killed, with {process.returncode}")
        time.sleep(LOOK)
    time.sleep(later)
    process.kill()
    process.wait()


def _kept(run: Path, before: dict[str, bytes]) -> dict[str, bytes]:
    """The whole lines of each file, which begins with what was there before."""
    now = {name: _whole(run / f"{name}.jsonl") for name in before}
    for name, lines in before.items():
        if not now[name].startswith(lines):
            raise click.ClickException(f"what was kept of {name} before is not there any more, or another")
    return now


def _last(process: "subprocess.Popen[bytes]", path: Path) -> None:
    """Wait until the command has done all, and tell the memory it held on the way."""
    held: list[tuple[int, int]] = []
    while process.poll() is None:
        held.append((_whole(path).count(NEW_LINE), _mib(process.pid)))
        time.sleep(LOOK)
    if process.returncode:
        raise click.ClickException(f"the command ended with {process.returncode}")
    tenths = [held[round(share * (len(held) - 1) / 10)] for share in range(1, 11)] if held else []
    click.echo("MiB after so many: " + ", ".join(f"{mib} ({lines})" for lines, mib in tenths if mib))


def _mib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0)


def _whole(path: Path) -> bytes:
    """The whole lines of a file; where the command wrote a store, what stands there as such a file had it."""
    store = path.with_name(STORE)
    if store.is_file():
        with sqlite3.connect(store) as connection:
            rows = connection.execute(ROWS[path.stem]).fetchall() if path.stem in ROWS else []
        return b"".join(json.dumps({"id": name, "call_id": name, "is": body}).encode() + b"\n" for name, body in rows)
    data = path.read_bytes() if path.is_file() else b""
    return data[: data.rfind(b"\n") + 1]


def _check(run: Path, count: int, kept: dict[str, bytes]) -> None:
    """Say that each recording has one line in each file, and none failed; end with 1 where that is not so."""
    holds = {"no failure": not _whole(run / "failures.jsonl")}
    for name, lines in kept.items():
        ids = Counter(json.loads(line)["id" if name == "transcripts" else "call_id"] for line in lines.splitlines())
        holds[f"{len(ids)} {name} of {count}, none twice"] = len(ids) == count == ids.total()
    for what, held in holds.items():
        click.echo(f"{'holds' if held else 'BROKEN'}: {what}")
    if not all(holds.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
