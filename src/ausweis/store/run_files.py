"""What of a call stands in folders that ausweis wrote: lines of runs, copies of recordings, recorded answers."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ausweis.audio.kept import KEPT_AUDIO, TRANSCRIPTS_FILE
from ausweis.batch.manifest import MANIFEST_FILE, Counts, read_manifest
from ausweis.batch.related import RELATED_FILE, places_of
from ausweis.batch.state import FACTS_FILE, FAILURES_FILE, VERDICTS_FILE
from ausweis.errors import StoreError
from ausweis.journal import FolderLock, part_of
from ausweis.store.line_files import call_of_line, ids_of, is_wanting, likely_of, put_back, rewrite
from ausweis.store.quoting import Said

__all__ = [
    "ANSWERS",
    "OWN_NAMES",
    "clean_answers",
    "clean_cases",
    "clean_run",
    "files_below",
    "folders",
    "forget_related",
    "starts",
]

ANSWERS, _ENGINE = "answers.jsonl", "engine.json"
_FILES = (FACTS_FILE, VERDICTS_FILE, FAILURES_FILE, TRANSCRIPTS_FILE)
OWN_NAMES = frozenset((*_FILES, MANIFEST_FILE, RELATED_FILE, ANSWERS, _ENGINE, FolderLock.NAME))
"""Files that no call gave its name to."""


def folders(roots: Sequence[Path]) -> tuple[set[Path], set[Path]]:
    """The folders of runs, and those of recorded answers, that are below these.

    Raises (OSError): a folder cannot be read.
    """
    runs, answers = set(), set()
    for root in roots:
        for here, _, names in os.walk(root, onerror=_refuse):
            if MANIFEST_FILE in names:
                runs.add(Path(here).absolute())
            if ANSWERS in names and _ENGINE in names:
                answers.add(Path(here).absolute())
    return runs, answers


def files_below(root: Path) -> Iterator[Path]:
    """All files below a folder, also where links lead, or the one file that it is; none where nothing is.

    Raises (OSError): a folder cannot be read.
    """
    if root.is_file():
        yield root
    seen = set()
    for here, inner, names in os.walk(root, onerror=_refuse, followlinks=True):
        if (real := os.path.realpath(here)) in seen:
            inner.clear()
            continue
        seen.add(real)
        yield from (path for name in sorted(names) if (path := Path(here, name)).is_file())


def _refuse(error: OSError) -> None:
    # What is gone, or a file, has nothing below it.
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def starts(folders: Iterable[Path]) -> dict[Path, str]:
    """When the runs in these folders began."""
    manifests = ((path, read_manifest(path)) for path in folders)
    return {path: manifest.started for path, manifest in manifests if manifest is not None and manifest.started}


def forget_related(folder: Path, gone: Sequence[Path]) -> None:
    """Drop a run's notes of others that are no more: that were in these folders, or below them.

    Raises:
        RunError: they cannot be read.
        StoreError: they cannot be written.
    """
    above = [path.absolute() for path in gone]

    def drop(data: bytes) -> bool:
        there, beside = places_of(data, folder)
        return any(there.is_relative_to(path) for path in above) and not beside.is_dir()

    if is_wanting(folder / RELATED_FILE, drop):
        rewrite(folder / RELATED_FILE, drop)


def clean_run(folder: Path, ids: frozenset[str]) -> list[Path]:
    """Take calls out of a run; the files that were changed or removed. One that holds nothing of them is only read.

    Raises:
        RunError: the run cannot be read; or it holds something, and is being written.
        StoreError: its files cannot be written.
    """
    if not folder.is_dir():
        return []
    likely = likely_of(ids)

    def drop(data: bytes) -> bool:
        return likely(data) and call_of_line(data) in ids

    if not _holds(folder, ids, drop):
        return []
    lock = FolderLock(folder)
    try:
        gone = {name: rewrite(folder / name, drop) for name in _FILES}
        changed = [folder / name for name, lines_gone in gone.items() if lines_gone] + _clean_manifest(
            folder, ids, gone
        )
        for path in _recordings(folder / KEPT_AUDIO, ids):
            path.unlink(missing_ok=True)
            changed.append(path)
        return changed
    finally:
        lock.release()


def _holds(folder: Path, ids: frozenset[str], drop: Callable[[bytes], bool]) -> bool:
    if any(is_wanting(folder / name, drop) for name in _FILES) or _recordings(folder / KEPT_AUDIO, ids):
        return True
    manifest = read_manifest(folder)
    return manifest is not None and manifest.without_inputs(lambda path: _is_named(path, ids)) != manifest


def _clean_manifest(folder: Path, ids: frozenset[str], gone: Mapping[str, Sequence[bytes]]) -> list[Path]:
    """The counts without the lines that are gone; the inputs without those that are named as a call is."""
    manifest = read_manifest(folder)
    if manifest is None:
        return []
    cleaned = manifest.without_inputs(lambda path: _is_named(path, ids))
    counts = manifest.counts
    if manifest.complete:
        # Those of a run that was killed are made when it is resumed.
        counts = _without(counts, _counts_of(gone.get(VERDICTS_FILE, ()), gone.get(FAILURES_FILE, ())))
    if counts == manifest.counts and cleaned == manifest:
        return []
    text = cleaned.model_copy(update={"counts": counts}).model_dump_json(by_alias=True, indent=2)
    put_back(folder / MANIFEST_FILE, text + "\n")
    return [folder / MANIFEST_FILE]


def clean_answers(folder: Path, words: Sequence[str]) -> list[Path]:
    """Take recorded answers out that hold words of calls.

    Answers are kept under a hash of the question, which does not tell its call; so an answer goes when a quote in it
    stands in a call, or any text of it has 12 letters in a row that do. One that named a choice holds no word of it.

    Raises:
        RunError: they cannot be read, or are being written.
        StoreError: they cannot be written.
    """
    path = folder / ANSWERS
    changed = [_clean_answers(path, said) for said in Said.portions(words)]
    return [path] if any(changed) else []


def _clean_answers(path: Path, said: Said) -> bool:
    if not is_wanting(path, said.is_in):
        return False
    lock = FolderLock(path.parent)
    try:
        return bool(rewrite(path, said.is_in))
    finally:
        lock.release()


def clean_cases(path: Path, ids: frozenset[str]) -> list[Path]:
    """Take golden cases out of a file that was exported; the file, if it was changed, and what a killed export left.

    Raises:
        StoreError: the file cannot be read or written.
    """
    try:
        part = part_of(path)
        gone = [part] if part.exists() else []
        part.unlink(missing_ok=True)
        if not path.is_file():
            return gone
        # By now it is the user's own: all else stays byte for byte, a last line without its end too.
        written = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in written if call_of_line(line) not in ids]
        if len(kept) == len(written):
            return gone
        put_back(path, kept)
    except OSError as error:
        raise StoreError(f"the cases cannot be rewritten ({error.strerror})", place=str(path)) from None
    return [*gone, path]


def _is_named(path: str, ids: frozenset[str]) -> bool:
    """Whether a file has the name of a call, perhaps with the side of its speaker."""
    stem = Path(path).stem
    return any(name in ids for name in (stem, stem.rpartition(".")[0]))


def _counts_of(verdicts: Iterable[bytes], failures: Iterable[bytes]) -> Counts:
    counts = Counts()
    for verdict in map(json.loads, verdicts):
        types = {violation["type"] for violation in verdict["violations"]}
        counts.add_verdict(verdict["outcome"], types, verdict["needs_review"])
    for failure in map(json.loads, failures):
        counts.add_failure(failure["kind"])
    return counts


def _without(all_: Counts, gone: Counts) -> Counts:
    def less(mine: Mapping[Any, int], theirs: Mapping[Any, int]) -> dict[Any, int]:
        return {word: number - theirs.get(word, 0) for word, number in mine.items() if number > theirs.get(word, 0)}

    return Counts(
        verdicts=all_.verdicts - gone.verdicts,
        outcomes=less(all_.outcomes, gone.outcomes),
        violations=less(all_.violations, gone.violations),
        needs_review=all_.needs_review - gone.needs_review,
        failures=less(all_.failures, gone.failures),
    )


def _recordings(folder: Path, ids: frozenset[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if not ids.isdisjoint(ids_of(path.name)) and not path.is_dir()]
