"""What of a call stands in folders that ausweis wrote: lines of runs, copies of recordings, recorded answers."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ausweis.batch.manifest import MANIFEST_FILE, Counts, read_manifest
from ausweis.batch.state import FACTS_FILE, FAILURES_FILE, VERDICTS_FILE
from ausweis.errors import StoreError
from ausweis.journal import FolderLock, lines, replace_file
from ausweis.store.importing import RECORDINGS
from ausweis.store.inputs import TRANSCRIPTS

__all__ = ["ANSWERS", "call_of_line", "clean_answers", "clean_cases", "clean_run", "folders", "likely_of", "starts"]

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


def starts(found: Iterable[Path]) -> set[str]:
    """When the runs in these folders began."""
    manifests = map(read_manifest, found)
    return {manifest.started for manifest in manifests if manifest is not None and manifest.started}


def call_of_line(data: bytes) -> str | None:
    """The id of the call that a line is about; of a failure without one, the name of its file."""
    try:
        found = json.loads(data)
        # A labelled call.
        found = found.get("call") or found
        name = found["call_id"] if "call_id" in found else found["id"]
        return Path(_LINE.sub("", found["place"])).stem if name is None else str(name)
    except (ValueError, LookupError, TypeError, AttributeError):
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
        likely = likely_of(ids)

        def drop(data: bytes) -> bool:
            return likely(data) and call_of_line(data) in ids

        gone = {name: _rewrite(folder / name, drop) for name in _FILES}
        changed = [folder / name for name, some in gone.items() if some]
        return changed + _clean_manifest(folder, ids, gone) + _clean_recordings(folder / RECORDINGS, ids)
    finally:
        lock.release()


def _clean_manifest(folder: Path, ids: frozenset[str], gone: Mapping[str, Sequence[bytes]]) -> list[Path]:
    """The counts without the lines that are gone; the inputs without those that are named as a call is."""
    manifest = read_manifest(folder)
    if manifest is None:
        return []
    inputs = tuple(path for path in manifest.inputs.paths if not _is_named(path, ids))
    counts = manifest.counts
    if manifest.complete:
        # Those of a run that was killed are made when it is resumed.
        counts = _without(counts, _counts_of(gone.get(VERDICTS_FILE, ()), gone.get(FAILURES_FILE, ())))
    if counts == manifest.counts and inputs == manifest.inputs.paths:
        return []
    update = {"counts": counts, "inputs": manifest.inputs.model_copy(update={"paths": inputs})}
    text = manifest.model_copy(update=update).model_dump_json(by_alias=True, indent=2)
    replace_file(folder / MANIFEST_FILE, text + "\n")
    return [folder / MANIFEST_FILE]


def clean_answers(folder: Path, words: Sequence[str]) -> list[Path]:
    """Take recorded answers out that quote any of these texts.

    Answers are kept under a hash of the question, which does not tell its call; so an answer goes when a quote in it,
    or any other text of 12 letters or more, stands in the call. One that only named a choice holds no word of it.
    """
    path = folder / ANSWERS
    if not path.is_file():
        return []
    lock = FolderLock(folder)
    try:
        return [path] if _rewrite(path, lambda data: _quotes(data, words)) else []
    finally:
        lock.release()


def clean_cases(path: Path, ids: frozenset[str]) -> list[Path]:
    """Take golden cases out of a file that was exported; the file, if it was changed."""
    try:
        if not path.is_file():
            return []
        # By now it is the user's own: all else stays byte for byte, a last line without its end too.
        found = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in found if call_of_line(line) not in ids]
        if len(kept) == len(found):
            return []
        mode = path.stat().st_mode
        replace_file(path, b"".join(kept))
        path.chmod(mode)
    except OSError as error:
        raise StoreError(f"the cases cannot be rewritten ({error.strerror})", place=str(path)) from None
    return [path]


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


def _without(all_: Counts, some: Counts) -> Counts:
    def less(mine: Mapping[Any, int], theirs: Mapping[Any, int]) -> dict[Any, int]:
        return {word: number - theirs.get(word, 0) for word, number in mine.items() if number > theirs.get(word, 0)}

    return Counts(
        verdicts=all_.verdicts - some.verdicts,
        outcomes=less(all_.outcomes, some.outcomes),
        violations=less(all_.violations, some.violations),
        needs_review=all_.needs_review - some.needs_review,
        failures=less(all_.failures, some.failures),
    )


def likely_of(ids: frozenset[str]) -> Callable[[bytes], bool]:
    """Whether a line may be one of these calls, told quickly."""
    if len(ids) > _FEW:
        return lambda _: True
    # Both ways in which JSON may write them.
    wanted = {json.dumps(one, ensure_ascii=ascii_only)[1:-1].encode() for one in ids for ascii_only in (True, False)}
    return lambda data: any(one in data for one in wanted)


def _rewrite(path: Path, drop: Callable[[bytes], bool]) -> list[bytes]:
    """Leave lines out of a file, and with them what stands torn behind the last one: the lines that are gone."""
    if not path.is_file():
        return []
    gone = []
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            for line in lines(path):
                if drop(line.data):
                    gone.append(line.data)
                else:
                    file.write(line.data + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if not gone and part.stat().st_size == path.stat().st_size:
            return []
        shutil.copymode(path, part)
        part.replace(path)
    except OSError as error:
        raise StoreError(f"the file cannot be written ({error.strerror})", place=str(path)) from None
    finally:
        with suppress(OSError):
            part.unlink()
    return gone


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
    return any(_stands_in(text, words) for text in _texts(parsed))


def _stands_in(text: str, words: Sequence[str]) -> bool:
    if len(text) >= _LONG_ENOUGH:
        return any(text in whole for whole in words)
    # As words of its own: "ja" is no quote of "Januar".
    return any(text in whole and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", whole) for whole in words)


def _texts(value: Any, *, quoted: bool = False) -> Iterator[str]:
    """Quotes of any length, and all other texts that are long enough to be one."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) >= _LONG_ENOUGH or (quoted and text):
            yield text
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, quoted=quoted)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, quoted=name == "quote")
