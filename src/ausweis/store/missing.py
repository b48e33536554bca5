"""Runs that are not where they were, so that nobody can look into their folders."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, select

from ausweis.store.pending import Missing, Pending
from ausweis.store.run_files import starts
from ausweis.store.tables import runs, verdicts
from ausweis.store.texts import batches

__all__ = ["missing_runs"]


def missing_runs(
    connection: Connection,
    ids: Mapping[int, str],
    pending: Iterable[Pending],
    *,
    more: Collection[Path],
    gone: Sequence[Path],
) -> tuple[dict[str, set[Missing]], set[Missing]]:
    """Of the runs of these calls, ids by keys, those that are missing, by call; and of earlier deletions, all that are.

    A run that was moved is there again where `more` folders of runs have one that began when it did, or where the store
    took it up with the same call. Nobody asks for runs in the folders `gone`, nor below them.

    Raises (OSError): it cannot be told whether a folder is there.
    """
    absent, here = _absent(connection, ids)
    waiting = {
        run
        for one in pending
        for run in one.missing
        if not any(run.started in here.get(call_id, ()) for call_id in one.phrases)
    }
    back = starts(more) if absent or waiting else set()
    above = [folder.absolute() for folder in gone]

    def is_missing(run: Missing) -> bool:
        removed = any(run.folder.is_relative_to(folder) for folder in above)
        return not (removed or run.started in back or run.folder.is_dir())

    of_calls = {call_id: set(filter(is_missing, found)) for call_id, found in absent.items()}
    return {call_id: found for call_id, found in of_calls.items() if found}, set(filter(is_missing, waiting))


def _absent(connection: Connection, ids: Mapping[int, str]) -> tuple[dict[str, set[Missing]], dict[str, set[str]]]:
    """By the ids of calls: the runs whose folders are not there, and when those began whose folders are."""
    is_there = cache(Path.is_dir)
    absent: dict[str, set[Missing]] = {}
    here: dict[str, set[str]] = {}
    wanted = select(verdicts.c.call_key, runs.c.folder, runs.c.started).join(runs, runs.c.key == verdicts.c.run_key)
    for some in batches(ids):
        of_call: defaultdict[int, set[Missing]] = defaultdict(set)
        for row in connection.execute(wanted.where(verdicts.c.call_key.in_(some))):
            of_call[row.call_key].add(Missing(Path(row.folder), row.started))
        for key, found in of_call.items():
            began = here[ids[key]] = {run.started for run in found if is_there(run.folder)}
            if left := {run for run in found if not is_there(run.folder) and run.started not in began}:
                absent[ids[key]] = left
    return absent, here
