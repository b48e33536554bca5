"""Runs, pages and files of cases that are not where they were, so that nobody can look into them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, select

from ausweis.batch.related import relatives
from ausweis.store.artefacts import of_kind
from ausweis.store.proof import Missing, Pending
from ausweis.store.run_files import starts
from ausweis.store.schema import artefact_calls, artefacts, batches, decisions, runs, verdicts

__all__ = ["followed", "is_away", "missing_artefacts"]


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
