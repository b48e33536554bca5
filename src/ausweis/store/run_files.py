"""What of a call stands in files that ausweis wrote: lines of runs, recordings, recorded answers, cases, pages."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from stat import S_IMODE
from typing import Any, Literal
from urllib.parse import unquote

from sqlalchemy import Connection, insert, select

from ausweis.audio.kept import KEPT_AUDIO, TRANSCRIPTS_FILE
from ausweis.batch.manifest import MANIFEST_FILE, Counts, read_manifest
from ausweis.batch.related import RELATED_FILE, places_of
from ausweis.batch.state import FACTS_FILE, FAILURES_FILE, VERDICTS_FILE
from ausweis.errors import RunError, StoreError
from ausweis.journal import FolderLock, lines, parsed, part_of, replace_file
from ausweis.store.key import Key
from ausweis.store.quoting import Said
from ausweis.store.schema import artefact_calls, artefacts

__all__ = [
    "OWN_NAMES",
    "call_of_line",
    "clean_answers",
    "clean_cases",
    "clean_run",
    "files_below",
    "folders",
    "forget_related",
    "ids_of",
    "is_half",
    "is_wanting",
    "of_kind",
    "register",
    "register_report",
    "rewrite",
    "starts",
]

Kind = Literal["answers", "cases", "report"]


def register_report(
    connection: Connection, key: Key, path: Path, call_keys: Iterable[int], *, besides: bool = False
) -> None:
    """Remember that a file was written about these calls.

    With `besides`, also about those that it was about before: as long as it is not written anew.
    """
    artefact = _register(connection, path, "report")
    own = artefact_calls.c.artefact_key == artefact
    if not besides:
        connection.execute(artefact_calls.delete().where(own))
    known = set(connection.execute(select(artefact_calls.c.call_key).where(own)).scalars())
    rows = [{"artefact_key": artefact, "call_key": call} for call in dict.fromkeys(call_keys) if call not in known]
    if rows:
        connection.execute(insert(artefact_calls), rows)


def register(connection: Connection, key: Key, path: Path, kind: Kind) -> None:
    """Remember a folder of recorded answers, which may quote calls, or a file that cases were exported to."""
    _register(connection, path, kind)


def of_kind(connection: Connection, kind: Kind) -> set[Path]:
    """All of a kind that are known."""
    return set(map(Path, connection.execute(select(artefacts.c.path).where(artefacts.c.kind == kind)).scalars()))


def _register(connection: Connection, path: Path, kind: Kind) -> int:
    """The key of an artefact."""
    wanted = select(artefacts.c.key).where(artefacts.c.path == str(path.absolute()))
    known: int | None = connection.execute(wanted).scalar()
    if known is not None:
        return known
    row = {"path": str(path.absolute()), "kind": kind}
    made: int = connection.execute(insert(artefacts).returning(artefacts.c.key), row).scalar_one()
    return made


_LINE = re.compile(r":\d+$")
_FEW = 20
"""Ids that are looked for as bytes before a line is parsed."""


def call_of_line(data: bytes) -> str | None:
    """The id of the call that a line is about; of a failure without one, the name of its file."""
    try:
        document = parsed(data)
        # A labelled call.
        document = document.get("call") or document
        name = document["call_id"] if "call_id" in document else document["id"]
        return Path(_LINE.sub("", document["place"])).stem if name is None else str(name)
    except (LookupError, TypeError, AttributeError):
        return None


def likely_of(ids: frozenset[str]) -> Callable[[bytes], bool]:
    """Whether a line may be one of these calls, told quickly."""
    if len(ids) > _FEW:
        return lambda _: True
    # Both ways in which JSON may write them.
    wanted = {
        json.dumps(written, ensure_ascii=ascii_only)[1:-1].encode() for written in ids for ascii_only in (True, False)
    }
    return lambda data: any(written in data for written in wanted)


def is_wanting(path: Path, drop: Callable[[bytes], bool]) -> bool:
    """Whether `rewrite` would change the file.

    Raises:
        RunError: it cannot be read.
    """
    size = 0
    for line in lines(path):
        if drop(line.data):
            return True
        size = line.offset + len(line.data) + 1
    return path.is_file() and path.stat().st_size > size


def rewrite(path: Path, drop: Callable[[bytes], bool]) -> list[bytes]:
    """Leave lines out of a file, and with them what stands torn behind the last one: the lines that are gone.

    Raises:
        RunError: the file cannot be read.
        StoreError: it cannot be written.
    """
    if not path.is_file() or not is_wanting(path, drop):
        return []
    gone: list[bytes] = []

    def kept() -> Iterator[bytes]:
        for line in lines(path):
            if drop(line.data):
                gone.append(line.data)
            else:
                yield line.data + b"\n"

    put_back(path, kept())
    return gone


def put_back(path: Path, kept: str | bytes | Iterable[bytes]) -> None:
    """Put what is kept of a file in its place; who could read it still can, and nobody else meanwhile.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        replace_file(path, kept, mode=S_IMODE(path.stat().st_mode))
    except (OSError, RunError):
        message = "the file cannot be rewritten; see that it can be read and written, with room beside it"
        raise StoreError(f"{message}, and delete again", place=str(path)) from None


_HALF = ".part"
_SIDES = (".agent", ".caller")


def is_half(name: str) -> bool:
    """Whether a copy broke off while it was written: `.NAME.part`."""
    return name.endswith(_HALF)


def ids_of(name: str) -> frozenset[str]:
    """The ids of calls that a file of this name may be a copy of, whole or half: `ID.wav`, or one side, `ID.agent.wav`.

    The id is written as in an address: `a%2Fb` for `a/b`.
    """
    whole = name.removeprefix(".").removesuffix(_HALF) if is_half(name) else name
    stem = unquote(whole.rpartition(".")[0] or whole)
    return frozenset((stem, *(stem.removesuffix(side) for side in _SIDES)))


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
