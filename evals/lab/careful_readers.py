"""What prompt and rules are worth: people answer what a model would be asked.

    python -m evals.lab.careful_readers ask evals/golden/test.jsonl … --calls 160 --out FOLDER
    python -m evals.lab.careful_readers collect FOLDER evals/golden/test.jsonl … --out evals/baselines/careful-readers
    ausweis eval run evals/golden/test.jsonl … --engine recorded:evals/baselines/careful-readers

`ask` writes down the prompt of each call, and nothing of its label: instructions by policy, and a numbered file a call.
Readers answer `017.txt` in `017.json`. `collect` keeps the answers as recordings.
"""

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

import click

from ausweis.batch.config import ScorerConfig
from ausweis.engines.protocol import Engine, Request, Result
from ausweis.engines.recorded import RecordingEngine
from ausweis.errors import AusweisError
from ausweis.labelled import LabelledCall, read_all
from ausweis.policies import find_policy
from ausweis.provenance import ModelProvenance

NAME = "careful-readers"


class _People:
    """An engine that writes each question down, or hands on the answer that was written beside it."""

    calls_at_once = 1
    info = ModelProvenance(id=NAME, sha256=hashlib.sha256(NAME.encode()).hexdigest(), engine="people")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = ""

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """The answers to the one question about a call; the empty one while it is being asked."""
        (request,) = requests
        answer = self.folder / f"{self.number}.json"
        if answer.exists():
            return [Result(text=answer.read_text())]
        *shown, asked = request.messages
        instructions = "\n\n".join(f"=== {message.role} ===\n{message.content}" for message in shown)
        name = f"instructions-{hashlib.sha256(instructions.encode()).hexdigest()[:6]}.txt"
        (self.folder / name).write_text(instructions)
        (self.folder / f"{self.number}.txt").write_text(f"(read {name} first)\n\n{asked.content}")
        return [Result(text='{"start": "beginning", "events": []}')]

    def close(self) -> None:
        """Nothing is open."""


def _chosen(files: tuple[Path, ...], calls: int | None) -> list[LabelledCall]:
    """So many calls, as many of each file as of any other, in an order that tells nothing."""
    sets = [read_all([file]) for file in files]
    shuffle = random.Random(0)  # noqa: S311
    for labelled in sets:
        shuffle.shuffle(labelled)
    share = None if calls is None else -(-calls // len(sets))
    chosen = [call for labelled in sets for call in labelled[:share]]
    shuffle.shuffle(chosen)
    return chosen


def _read(labelled: LabelledCall, engine: Engine) -> None:
    """Ask the engine about a call, and make sure that facts can be made of its answer.

    Raises:
        AusweisError: they cannot.
    """
    ScorerConfig(find_policy(labelled.policy), strategy="events").reader(engine).read(labelled.call)


_FILES = click.argument("golden", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def main() -> None:
    """Ask careful readers instead of a model."""


@main.command()
@_FILES
@click.option("--calls", type=click.IntRange(min=1), help="So many, in equal shares of the files.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
def ask(golden: tuple[Path, ...], calls: int | None, out: Path) -> None:
    """Write down what is asked about the calls of GOLDEN."""
    out.mkdir(parents=True, exist_ok=True)
    people = _People(out)
    ids = []
    for number, labelled in enumerate(_chosen(golden, calls), start=1):
        people.number = f"{number:03}"
        _read(labelled, people)
        ids.append(f"{people.number} {labelled.call.id}\n")
    out.with_suffix(".ids").write_text("".join(ids))


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_FILES
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
def collect(folder: Path, golden: tuple[Path, ...], out: Path) -> None:
    """Keep the answers in FOLDER to what was asked about the calls of GOLDEN."""
    known = {labelled.call.id: labelled for labelled in read_all(list(golden))}
    people = _People(folder)
    recorder = RecordingEngine(people, out)
    for line in folder.with_suffix(".ids").read_text().splitlines():
        people.number, _, call = line.partition(" ")
        if not (folder / f"{people.number}.json").exists():
            click.echo(f"{people.number}: no answer yet")
            continue
        try:
            _read(known[call], recorder)
        except AusweisError as error:
            click.echo(f"{people.number}: {error}")
    recorder.close()


if __name__ == "__main__":
    main()
