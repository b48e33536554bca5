"""How precision and beam size of the ASR model change what is heard, and what they cost.

    python -m evals.tools.speak_calls FOLDER
    python benchmarks/asr_settings.py FOLDER

Each recording is heard by Ausweis under every setting, one setting after the other, so that all of them meet the same
load of the machine. For each setting: word error rate (with a 95 % interval over recordings) and its difference from
the first setting on the same recordings, seconds of computing for a second of sound, by the clock and by the processor,
which counts all cores. What was heard is kept in `--out`, and not heard again by the next start.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from ausweis.audio import asr_model
from ausweis.audio.asr_model import AsrModel
from ausweis.audio.decode import Recording
from ausweis.audio.listening import listen
from ausweis.engines.weights import locate_folder
from ausweis.judging.policy_files import find_policy
from ausweis.machine import usable_cpus

Setting = tuple[str, int]
"""Precision as CTranslate2 names it, and beam size."""
SETTINGS: tuple[Setting, ...] = tuple((kind, beam) for kind in ("int8", "float32") for beam in (5, 2, 1))
DRAWS = 2_000


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--asr-model", "name", default="whisper-base", show_default=True, metavar="ID|FOLDER")
@click.option("--policy", default="telecom-de", show_default=True, metavar="NAME|FILE", help="Its words are hot.")
@click.option("--calls", type=click.IntRange(min=1), help="Hear no more than so many recordings, the first by name.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/asr-settings.jsonl"), show_default=True)
def main(folder: Path, name: str, policy: str, calls: int | None, out: Path) -> None:
    """Measure the recordings of FOLDER, each of which has its truth beside it."""
    truths = [json.loads(path.read_text()) for path in sorted(folder.glob("*.truth.json"))[:calls]]
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    done = {(row["call"], row["kind"], row["beam"]) for row in rows}
    models: dict[str, AsrModel] = {}
    words = find_policy(policy).policy.hot_words
    for truth in truths:
        for kind, beam in SETTINGS:
            if (truth["call_id"], kind, beam) in done:
                continue
            if kind not in models:
                models[kind] = _model(name, kind, words)
            row = _heard(models[kind], folder, truth, beam) | {"kind": kind, "beam": beam}
            with out.open("a") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            rows.append(row)
    _show([row for row in rows if row["call"] in {truth["call_id"] for truth in truths}])


def _model(name: str, kind: str, words: Sequence[str]) -> AsrModel:
    from faster_whisper import WhisperModel

    folder = str(locate_folder(name).path)
    return AsrModel(WhisperModel(folder, compute_type=kind, cpu_threads=usable_cpus(), local_files_only=True), words)


def _heard(model: AsrModel, folder: Path, truth: dict[str, Any], beam: int) -> dict[str, Any]:
    asr_model.BEAM = beam
    (path,) = (path for path in folder.glob(f"{truth['call_id']}.*") if path.suffix != ".json")
    begun, used = time.monotonic(), time.process_time()
    listened = listen([Recording.open(path)], model, truth["language"], lambda seconds: None)
    clock, processor = time.monotonic() - begun, time.process_time() - used
    # The truth is said by sides, as what is heard: turns that overlap would count as errors otherwise.
    wrote = [" ".join(word.text.strip() for word in channel.words) for channel in listened.channels]
    sides = ("agent", "caller")
    said = [" ".join(turn["text"] for turn in truth["turns"] if turn["speaker"] == side) for side in sides]
    errors, count = _errors(said, wrote, truth["language"])
    times = {"clock": clock, "processor": processor, "seconds": truth["seconds"]}
    return {"call": truth["call_id"], "errors": errors, "words": count} | times | {"heard": wrote}


def _errors(said: Sequence[str], wrote: Sequence[str], language: str) -> tuple[int, int]:
    """Words that are wrong, missing or too many, and words said; one channel heard holds what both said."""
    import jiwer

    alike = _normaliser(language)
    if len(wrote) != len(said):
        said, wrote = [" ".join(said)], [" ".join(wrote)]
    found = jiwer.process_words([alike(text) for text in said], [alike(text) for text in wrote])
    return found.substitutions + found.deletions + found.insertions, found.hits + found.substitutions + found.deletions


def _normaliser(language: str) -> Callable[[str], str]:
    from whisper_normalizer.basic import BasicTextNormalizer
    from whisper_normalizer.english import EnglishTextNormalizer

    return EnglishTextNormalizer() if language == "en" else BasicTextNormalizer()


def _show(rows: list[dict[str, Any]]) -> None:
    heads = ("WER", 8), ("(95 %)", 16), ("against first", 24), ("clock", 8), ("CPU", 7)
    click.echo(f"{'precision':<10}{'beam':>5}{'calls':>7}" + "".join(head.rjust(width) for head, width in heads))
    first: dict[str, Any] = {}
    for kind, beam in SETTINGS:
        found = {row["call"]: row for row in rows if (row["kind"], row["beam"]) == (kind, beam)}
        if not found:
            continue
        first = first or found
        both = [(first[call], found[call]) for call in found if call in first]
        rates, differences = map(np.array, zip(*_drawn(both), strict=True))
        wer = _rate(list(found.values()))
        seconds = sum(row["seconds"] for row in found.values())
        clock, processor = (sum(row[what] for row in found.values()) / seconds for what in ("clock", "processor"))
        difference = _rate([row for _, row in both]) - _rate([row for row, _ in both])
        click.echo(
            f"{kind:<10}{beam:>5}{len(found):>7}{wer:>8.3f}{_interval(rates):>16}"
            f"{difference:>+8.3f}{_interval(differences):>16}{clock:>8.3f}{processor:>7.3f}"
        )


def _rate(rows: Sequence[dict[str, Any]]) -> float:
    return float(sum(row["errors"] for row in rows) / sum(row["words"] for row in rows))


def _drawn(both: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> Iterator[tuple[float, float]]:
    """The rate, and its difference from the first setting, of recordings drawn with replacement."""
    chance = np.random.default_rng(0)
    for _ in range(DRAWS):
        drawn = [both[place] for place in chance.integers(len(both), size=len(both))]
        rate = _rate([row for _, row in drawn])
        yield rate, rate - _rate([row for row, _ in drawn])


def _interval(values: "np.ndarray[Any, Any]") -> str:
    low, high = np.percentile(values, [2.5, 97.5])
    return f"({low:.3f}, {high:.3f})"


if __name__ == "__main__":
    main()
