"""Calls removed everywhere: run folders, recorded answers, reports, store. Then all is searched for what is left."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, delete, select

from ausweis.audio.kept import KEPT_AUDIO
from ausweis.batch.related import relatives
from ausweis.errors import StoreError
from ausweis.journal import part_of
from ausweis.store import audit_log, index
from ausweis.store.calibrations import forget_calls
from ausweis.store.database import PENDING, Database
from ausweis.store.exporting import case_id
from ausweis.store.index import drop
from ausweis.store.key import Key
from ausweis.store.packing import run_row
from ausweis.store.proof import Missing, Pending, forget, prove
from ausweis.store.quoting import said_elsewhere, words_of
from ausweis.store.rows import Deleted
from ausweis.store.run_files import clean_answers, clean_cases, clean_run, folders, forget_related, of_kind, starts
from ausweis.store.schema import (
    artefact_calls,
    artefacts,
    audio,
    batches,
    calls,
    decisions,
    objections,
    runs,
    texts,
    verdicts,
)
from ausweis.store.traces import Traces, sentences

__all__ = ["UNKNOWN", "calls_before", "delete_calls"]


def is_away(path: Path) -> bool:
    """Whether even the folder that it was in is not there, as on a disk that is not mounted: it need not be gone.

    Raises (OSError): that cannot be told.
    """
    return not path.parent.is_dir()


def missing_artefacts(
    connection: Connection,
    ids: Mapping[int, str],
    pending: Iterable[Pending],
    *,
    more: Collection[Path],
    gone: Sequence[Path],
) -> tuple[dict[str, set[Missing]], set[Missing]]:
    """Runs, pages and cases of these calls, ids by keys, that are missing, by call; and of earlier deletions, all such.

    Runs that were judged from one of a call's, or from which one was, are its too (`relatives`). A run that was moved
    is there again where `more` folders of runs have one that began when it did, or where the store took it up with the
    same call. Nobody asks for what was in the folders `gone`, or below them.

    Raises (OSError): it cannot be told whether a folder is there.
    """
    absent, here = _absent(connection, ids, more)
    for call_id, path in _away(connection, ids):
        absent.setdefault(call_id, set()).add(Missing(path, ""))
    waiting = {
        run
        for deletion in pending
        for run in deletion.missing
        if not any(run.started in here.get(call_id, ()) for call_id in deletion.phrases)
    }
    back = set(starts(more).values()) if absent or waiting else set()
    above = [folder.absolute() for folder in gone]

    def is_missing(run: Missing) -> bool:
        removed = any(run.folder.is_relative_to(folder) for folder in above)
        if removed or run.started in back:
            return False
        return not run.folder.is_dir() if run.started else is_away(run.folder)

    of_calls = {call_id: set(filter(is_missing, runs)) for call_id, runs in absent.items()}
    return {call_id: runs for call_id, runs in of_calls.items() if runs}, set(filter(is_missing, waiting))


def followed(pending: Iterable[Pending], more: Collection[Path]) -> list[Pending]:
    """The same, which miss the relatives of their runs too where `more` folders have these."""
    deletions = list(pending)
    began = starts(more) if deletions else {}
    back = {start: _relatives(path) for path, start in began.items()}
    kin = [deletion.missing.union(*(back.get(run.started, ()) for run in deletion.missing)) for deletion in deletions]
    return [replace(deletion, missing=missing) for deletion, missing in zip(deletions, kin, strict=True)]


def _relatives(folder: Path) -> frozenset[Missing]:
    return frozenset(Missing(*relative) for relative in relatives([folder]))


def _absent(
    connection: Connection, ids: Mapping[int, str], more: Collection[Path]
) -> tuple[dict[str, set[Missing]], dict[str, set[str]]]:
    """By the ids of calls: the runs whose folders are not there, and when those began whose folders are."""
    is_there, kin = cache(Path.is_dir), cache(_relatives)
    absent: dict[str, set[Missing]] = {}
    here: dict[str, set[str]] = {}
    wanted = select(verdicts.c.call_key, runs.c.folder, runs.c.started).join(runs, runs.c.key == verdicts.c.run_key)
    for batch in batches(ids):
        of_call: defaultdict[int, set[Missing]] = defaultdict(set)
        for row in connection.execute(wanted.where(verdicts.c.call_key.in_(batch))):
            of_call[row.call_key] |= {Missing(Path(row.folder), row.started), *kin(Path(row.folder))}
        for key in set(batch).difference(of_call):
            # No run that the store knows has judged it: then one of these has, or none.
            of_call[key] = set().union(*map(kin, more))
        for key, judged_in in of_call.items():
            began = here[ids[key]] = {run.started for run in judged_in if is_there(run.folder)}
            if left := {run for run in judged_in if not is_there(run.folder) and run.started not in began}:
                absent[ids[key]] = left
    return absent, here


def _away(connection: Connection, ids: Mapping[int, str]) -> Iterator[tuple[str, Path]]:
    """By the ids of calls: the pages that show them, and all files of cases that they may be in, which are away."""
    away = cache(is_away)
    lost = sorted(filter(away, of_kind(connection, "cases")))
    shown = select(artefact_calls.c.call_key, artefacts.c.path).join(
        artefacts, artefacts.c.key == artefact_calls.c.artefact_key
    )
    for batch in batches(ids):
        for row in connection.execute(shown.where(artefact_calls.c.call_key.in_(batch))):
            if away(Path(row.path)):
                yield ids[row.call_key], Path(row.path)
        # Only decided calls are exported.
        decided = select(decisions.c.call_key).where(decisions.c.call_key.in_(batch)).distinct()
        for key in connection.execute(decided).scalars():
            yield from ((ids[key], path) for path in lost)


UNKNOWN = 0
"""The key of a call that the store does not have."""
_SEARCHED_CALLS = 50
"""Of so many calls, evenly spaced, the words are searched for; of all of them, the rows and lines."""
_SENTENCES = 4
"""Of each."""


@dataclass
class _Search:
    """What is known of the calls before they go. `pending`: what earlier deletions of them could not prove.

    `own`: what this one has to prove besides. `missing`: runs, pages and cases of all of them that nobody can look
    into; `away`: folders of recorded answers that nobody can. `dropped`: places that are said to be no more.
    """

    ids: dict[int, str]
    pending: list[Pending] = field(default_factory=list)
    own: list[Pending] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    traces: Traces = field(default_factory=lambda: Traces(frozenset(), ()))
    runs: set[Path] = field(default_factory=set)
    missing: set[Missing] = field(default_factory=set)
    answers: set[Path] = field(default_factory=set)
    cases: set[Path] = field(default_factory=set)
    reports: set[Path] = field(default_factory=set)
    audio: set[Path] = field(default_factory=set)
    away: set[Path] = field(default_factory=set)
    dropped: set[Path] = field(default_factory=set)

    @property
    def names(self) -> frozenset[str]:
        """The ids of all calls that must be gone."""
        return frozenset(self.ids.values()).union(*(deletion.phrases for deletion in self.pending))


def calls_before(connection: Connection, day: date) -> dict[int, str]:
    """The calls of earlier days, with a verdict or without: their ids by their keys."""
    wanted = select(calls.c.key, calls.c.call_id).where(calls.c.day < day)
    return {row.key: row.call_id for row in connection.execute(wanted)}


def delete_calls(
    database: Database,
    key: Key,
    ids: dict[int, str],
    *,
    roots: Sequence[Path],
    gone: Sequence[Path],
    by: str,
    whole: bool,
) -> Deleted:
    """Remove calls, ids by keys; files first, so that a fault leaves the call in the store, to be deleted again.

    When the proof fails, or runs, pages or cases are missing, what it searches for is kept, so that the deletion can be
    repeated until it is proven. With `whole`, all that earlier deletions could not prove is searched for too. `roots`:
    more folders with runs or answers; `gone`: what is no more, or folders above it.

    Raises:
        RunError: a run that holds something of the calls is being written.
        StoreError: something cannot be read or removed, or is left; or there was nothing to be removed; or recorded
            answers are not there: since these are known by the words of calls only, all calls stay.
    """
    try:
        with database.reading() as connection:
            search = _find(connection, key, ids, roots, gone, every=whole)
        return _delete(database, key, search, roots, gone, by, whole=whole) if search.names else Deleted(0)
    except OSError as error:
        message = f"cannot be searched ({error.strerror}); see that it can be read and written, and delete again"
        raise StoreError(message, place=str(error.filename)) from None


def _delete(
    database: Database,
    key: Key,
    search: _Search,
    roots: Sequence[Path],
    gone: Sequence[Path],
    by: str,
    *,
    whole: bool,
) -> Deleted:
    if search.away:
        message = "see that it is there, or name it with --gone if it was removed for good, and delete again"
        raise StoreError(f"this folder of recorded answers is not where it was; {message}", place=str(min(search.away)))
    for folder in search.runs if gone else ():
        forget_related(folder, gone)
    removed = _clean_files(search, key)
    if UNKNOWN in search.ids and not removed and not search.pending:
        raise StoreError("there is no call with this id in the store, nor in its runs")
    with database.writing() as connection:
        _delete_rows(connection, key, search, by, known=bool(removed))
        pending = search.pending + [deletion.put(connection) for deletion in search.own if deletion.phrases]
    database.tidy(whole=whole or not database.is_sqlite)
    searched = search.answers | search.runs | search.cases | {root.absolute() for root in roots}
    prove(database, search.traces, search.names, searched)
    forget(database, search.traces, pending, search.missing)
    kept = sorted(str(path) for path in search.audio if _may_be_there(path))
    missing = sorted({str(absent.folder) for absent in search.missing})
    return Deleted(len(search.ids), ("store", *sorted(map(str, removed))), tuple(kept), tuple(missing))


def _find(
    connection: Connection, key: Key, ids: dict[int, str], roots: Sequence[Path], gone: Sequence[Path], *, every: bool
) -> _Search:
    search = _Search(ids, Pending.of(connection, None if every else ids.values()))
    missing = _find_artefacts(connection, search, roots, gone)
    words = words_of(connection, list(ids))
    phrases = _phrases(connection, words, ids)
    search.own = _own(search, phrases, missing)
    before = dict.fromkeys(phrase for deletion in search.pending for own in deletion.phrases.values() for phrase in own)
    # Others may have said it since.
    kept = [phrase for phrase in before if not said_elsewhere(connection, phrase, ids)]
    search.words = [*(text for _, text in words), *kept]
    sought = dict.fromkeys([*(phrase for own in phrases.values() for phrase in own), *kept])
    search.traces = _traces(connection, search.names, tuple(sought), key)
    return search


def _find_artefacts(
    connection: Connection, search: _Search, roots: Sequence[Path], gone: Sequence[Path]
) -> dict[str, set[Missing]]:
    """All places where something may be; by the ids of calls, what of theirs is missing."""
    for batch in batches(search.ids):
        paths = select(audio.c.path).where(audio.c.call_key.in_(batch))
        search.audio |= set(map(Path, connection.execute(paths).scalars()))
        shown = select(artefacts.c.path).join(artefact_calls).where(artefact_calls.c.call_key.in_(batch))
        search.reports |= set(map(Path, connection.execute(shown.distinct()).scalars()))
    known = connection.execute(select(runs.c.folder).distinct()).scalars()
    more_runs, more_answers = folders(roots)
    search.runs = set(map(Path, known)) | more_runs
    search.runs |= {relative.folder for relative in relatives(search.runs)}
    search.pending = followed(search.pending, more_runs)
    search.audio = {path for path in search.audio if not _is_copy(path, search.runs)}
    search.answers = of_kind(connection, "answers") | more_answers
    search.cases = of_kind(connection, "cases")
    missing, waiting = missing_artefacts(connection, search.ids, search.pending, more=more_runs, gone=gone)
    search.missing = waiting.union(*missing.values())
    # Pages that were missing before.
    search.reports |= {absent.folder for deletion in search.pending for absent in deletion.missing} & of_kind(
        connection, "report"
    )
    search.reports -= {absent.folder for absent in search.missing}
    away = set(filter(is_away, search.answers | search.cases))
    search.dropped = {path for path in away if any(path.is_relative_to(folder.absolute()) for folder in gone)}
    search.away = (away & search.answers) - search.dropped
    return missing


def _own(search: _Search, phrases: dict[int, list[str]], missing: dict[str, set[Missing]]) -> list[Pending]:
    """The calls whose runs are all there, and those that will wait for a missing one."""
    waiting = {call_id for deletion in search.pending for call_id in deletion.phrases}
    known = {key: call_id for key, call_id in search.ids.items() if key != UNKNOWN or call_id not in waiting}
    here: dict[str, tuple[str, ...]] = {}
    away: dict[str, tuple[str, ...]] = {}
    for key, call_id in known.items():
        (away if call_id in missing else here)[call_id] = tuple(phrases.get(key, ()))
    return [Pending(here), Pending(away, frozenset().union(*missing.values()))]


def _phrases(connection: Connection, words: Sequence[tuple[int, str]], ids: dict[int, str]) -> dict[int, list[str]]:
    """What of the calls' words is searched for, by their keys."""
    phrases: dict[int, list[str]] = {}
    for key, text in words[:: max(1, len(words) // _SEARCHED_CALLS)]:
        own = (part for part in sentences([text]) if not said_elsewhere(connection, part, ids))
        phrases.setdefault(key, []).extend(part for _, part in zip(range(_SENTENCES), own, strict=False))
    return phrases


def _traces(connection: Connection, names: frozenset[str], phrases: tuple[str, ...], key: Key) -> Traces:
    others: list[str] = []
    for name in names if len(names) <= _SEARCHED_CALLS else ():
        longer = select(calls.c.call_id).where(calls.c.call_id.contains(name, autoescape=True), calls.c.call_id != name)
        others += connection.execute(longer).scalars()
    return Traces(names | {case_id(key, name) for name in names}, phrases, tuple(others))


def _is_copy(path: Path, run_folders: Iterable[Path]) -> bool:
    return path.parent.name == KEPT_AUDIO and path.parent.parent in run_folders


def _may_be_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True


def _clean_files(search: _Search, key: Key) -> set[Path]:
    removed: set[Path] = set()
    for folder in sorted(search.runs):
        removed |= set(clean_run(folder, search.names))
    cases = frozenset(case_id(key, name) for name in search.names)
    for path in sorted(search.cases):
        removed |= set(clean_cases(path, cases))
    for folder in sorted(search.answers):
        removed |= set(clean_answers(folder, search.words))
    for path in sorted(search.reports):
        try:
            # What a killed command was about to put in its place.
            part_of(path).unlink(missing_ok=True)
            # A page shows many calls, and cannot be made again without this one here: it goes whole.
            path.unlink()
            removed.add(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"the report cannot be removed ({error.strerror})", place=str(path)) from None
    return removed


def _delete_rows(connection: Connection, key: Key, search: _Search, by: str, *, known: bool) -> None:
    for batch in batches(search.ids):
        joined = select(calls.c.key, calls.c.call_id, runs).outerjoin(runs, runs.c.key == calls.c.run_key)
        rows = connection.execute(joined.where(calls.c.key.in_(batch))).all()
        keys = {
            kind: connection.execute(select(table.c.key).where(table.c.call_key.in_(batch))).scalars().all()
            for kind, table in (("verdict", verdicts), ("decision", decisions), ("objection", objections))
        }
        drop(connection, batch)
        for table in (objections, decisions, verdicts, texts, audio, artefact_calls):
            connection.execute(delete(table).where(table.c.call_key.in_(batch)))
        forget_calls(connection, key, batch, (search.ids[one] for one in batch))
        connection.execute(delete(calls).where(calls.c.key.in_(batch)))
        for kind, numbers in (("call", batch), ("text", batch), *keys.items()):
            audit_log.digest_rows(connection, key, kind, numbers)
        for row in rows:
            run = None if row.folder is None else run_row(row)
            audit_log.append(connection, key, "deleted", by, call_id=row.call_id, run=run)
    if UNKNOWN in search.ids and (known or connection.info.get(PENDING)):
        # Last, since its id may have been taken out of the name of a calibration session.
        audit_log.append(connection, key, "deleted", by, call_id=search.ids[UNKNOWN])
    index.settle(connection)
    gone = [str(path) for path in search.reports | search.dropped]
    connection.execute(delete(artefacts).where(artefacts.c.path.in_(gone)))
