"""The calls of a folder: recordings, what was said when, and the labels of the golden set."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.lab.heard import SaidValue, SpokenCall, read_spoken

from ausweis.calls.call import Call, Turn
from ausweis.labelled import LabelledCall
from ausweis.vocabulary import Language

EVALS = Path(__file__).parents[2] / "evals"
GOLDEN = EVALS / "golden"
TRUTH = ".truth.json"


@dataclass(frozen=True)
class Spoken:
    """A call that was spoken. `said`: its turns with the times of the recording, each with its number in `turns`."""

    files: tuple[Path, ...]
    labelled: LabelledCall
    said: tuple[Turn, ...]
    turns: tuple[int, ...]
    seconds: float
    values: tuple[SaidValue, ...]

    @property
    def id(self) -> str:
        """The id of the written call."""
        return self.labelled.call.id

    @property
    def language(self) -> Language:
        """What is spoken."""
        return self.labelled.call.language

    @property
    def policy(self) -> str:
        """The policy by which the label judges."""
        return self.labelled.gold.policy or "telecom-de"

    def spans(self, value: SaidValue) -> list[tuple[float, float]]:
        """When the turns of a value were said."""
        said = zip(self.turns, self.said, strict=True)
        return [(turn.start or 0.0, turn.end or 0.0) for number, turn in said if number in value.turns]


def spoken_calls(folder: Path, only: Collection[str] = ()) -> list[Spoken]:
    """The spoken calls of a folder (`ID.truth.json` beside the recording), by id; those of `only`, if any are named.

    Raises:
        FileNotFoundError: one of them is not there, or is in no file of the golden set.
    """
    ids = {path.name.removesuffix(TRUTH) for path in folder.glob(f"*{TRUTH}")}
    wanted = ids & set(only) if only else ids
    if not wanted:
        raise FileNotFoundError(f"no spoken calls in {folder}: {TRUTH[1:]} beside each recording")
    known = read_spoken(EVALS / "spoken.jsonl")
    labelled = _labelled(wanted)
    if missing := sorted(wanted - labelled.keys()):
        raise FileNotFoundError(f"in no file of {GOLDEN}: {', '.join(missing)}")
    return [_spoken(folder, labelled[name], known) for name in sorted(wanted)]


def _spoken(folder: Path, labelled: LabelledCall, known: Mapping[str, SpokenCall]) -> Spoken:
    name = labelled.call.id
    truth = json.loads((folder / f"{name}{TRUTH}").read_text(encoding="utf-8"))
    said = tuple(
        Turn(speaker=turn["speaker"], start=turn["start"], end=turn["end"], text=turn["text"])
        for turn in truth["turns"]
    )
    return Spoken(
        files=tuple(path for path in sorted(folder.glob(f"{name}.*")) if path.suffix != ".json"),
        labelled=labelled,
        said=said,
        turns=tuple(turn["turn"] for turn in truth["turns"]),
        seconds=truth["seconds"],
        values=known[name].values if name in known else (),
    )


def _labelled(ids: set[str]) -> dict[str, LabelledCall]:
    found: dict[str, LabelledCall] = {}
    for path in sorted(GOLDEN.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row: dict[str, Any] = json.loads(line)
            if row["call"]["id"] in ids:
                found[row["call"]["id"]] = LabelledCall(call=Call(**row["call"]), gold=row["gold"])
    return found
