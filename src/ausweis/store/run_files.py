"""What of a call stands in folders that ausweis wrote: lines of runs, copies of recordings, recorded answers."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ausweis.batch.manifest import MANIFEST_FILE, read_manifest
from ausweis.batch.state import FACTS_FILE, FAILURES_FILE, VERDICTS_FILE, scan
from ausweis.errors import StoreError
from ausweis.journal import FolderLock, lines, replace_file
from ausweis.store.importing import RECORDINGS
from ausweis.store.inputs import TRANSCRIPTS

__all__ = ["ANSWERS", "call_of_line", "clean_answers", "clean_run", "folders"]

ANSWERS, _ENGINE = "answers.jsonl", "engine.json"
_FILES = (FACTS_FILE, VERDICTS_FILE, FAILURES_FILE, TRANSCRIPTS)
_LINE = re.compile(r":\d+$")
_FEW = 20
"""Ids that are looked for as bytes before a line is parsed."""
_LONG_ENOUGH = 12
"""Letters of an answer that must stand in the call for it to be a quote of it."""


def folders(roots: Sequence[Path]) -> tuple[set[Path], set[Path]]:
    """The folders of runs, and those of recorded answers, that are below these."""
    runs, answers = set(), set()
    for root in roots:
        for here, _, names in os.walk(root):
            if MANIFEST_FILE in names:
                runs.add(Path(here).absolute())
            if ANSWERS in names and _ENGINE in names:
                answers.add(Path(here).absolute())
    return runs, answers


def call_of_line(data: bytes) -> str | None:
    """The id of the call that a line is about; of a failure without one, the name of its file."""
    try:
        found = json.loads(data)
        name = found["call_id"] if "call_id" in found else found["id"]
        return Path(_LINE.sub("", found["place"])).stem if name is None else str(name)
    except (ValueError, LookupError, TypeError):
        return None


def clean_run(folder: Path, ids: frozenset[str]) -> list[Path]:
    """Take calls out of a run; the files that were changed or removed.

    Raises:
        RunError: the run is being written, or its files cannot be.
    """
    if not folder.is_dir():
        return []
    lock = FolderLock(folder)
    try:
        likely = _likely(ids)
        changed = []
        for name in _FILES:
            path = folder / name
            if _rewrite(path, lambda data: not (likely(data) and call_of_line(data) in ids)):
                changed.append(path)
        return changed + _clean_manifest(folder, ids, changed) + _clean_recordings(folder / RECORDINGS, ids)
    finally:
        lock.release()


def _clean_manifest(folder: Path, ids: frozenset[str], changed: Sequence[Path]) -> list[Path]:
    """The counts anew; without inputs that are named as a call is."""
    manifest = read_manifest(folder)
    if manifest is None:
        return []
    inputs = tuple(path for path in manifest.inputs.paths if not _is_named(path, ids))
    if not changed and inputs == manifest.inputs.paths:
        return []
    update = {"counts": scan(folder).counts.ordered(), "inputs": manifest.inputs.model_copy(update={"paths": inputs})}
    text = manifest.model_copy(update=update).model_dump_json(by_alias=True, indent=2)
    replace_file(folder / MANIFEST_FILE, text + "\n")
    return [folder / MANIFEST_FILE]


def clean_answers(folder: Path, words: Sequence[str]) -> list[Path]:
    """Take recorded answers out that quote any of these texts.

    Answers are kept under a hash of the question, which does not tell its call; so an answer goes when any text in it
    of 12 letters or more stands in the call. One that only named a choice holds no word of it.
    """
    path = folder / ANSWERS
    if not path.is_file():
        return []
    lock = FolderLock(folder)
    try:
        return [path] if _rewrite(path, lambda data: not _quotes(data, words)) else []
    finally:
        lock.release()


def _is_named(path: str, ids: frozenset[str]) -> bool:
    """Whether a file has the name of a call, perhaps with the side of its speaker."""
    stem = Path(path).stem
    return any(name in ids for name in (stem, stem.rpartition(".")[0]))


def _likely(ids: frozenset[str]) -> Callable[[bytes], bool]:
    if len(ids) > _FEW:
        return lambda _: True
    # Both ways in which JSON may write them.
    wanted = {json.dumps(one, ensure_ascii=ascii_only)[1:-1].encode() for one in ids for ascii_only in (True, False)}
    return lambda data: any(one in data for one in wanted)


def _rewrite(path: Path, keep: Callable[[bytes], bool]) -> bool:
    """Leave lines out of a file, and what stands torn behind the last one; whether there were any."""
    if not path.is_file():
        return False
    part = path.with_name(f".{path.name}.part")
    size = 0
    try:
        with part.open("wb") as file:
            for line in lines(path):
                if keep(line.data):
                    size += file.write(line.data + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if size == path.stat().st_size:
            return False
        shutil.copymode(path, part)
        part.replace(path)
    except OSError as error:
        raise StoreError(f"the file cannot be written ({error.strerror})", place=str(path)) from None
    finally:
        with suppress(OSError):
            part.unlink()
    return True


def _clean_recordings(folder: Path, ids: Iterable[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    stems = {f"{quote(one, safe=' ')}{side}" for one in ids for side in ("", ".agent", ".caller")}
    gone = [path for path in folder.iterdir() if path.name.removeprefix(".").rpartition(".")[0] in stems]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _quotes(data: bytes, words: Sequence[str]) -> bool:
    try:
        answer = json.loads(data)["result"]["text"]
    except (ValueError, LookupError, TypeError):
        return False
    try:
        parsed = json.loads(answer)
    except ValueError:
        parsed = answer
    return any(text in whole for text in _texts(parsed) if len(text) >= _LONG_ENOUGH for whole in words)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
