"""The store: runs, calls, facts, verdicts and decisions in one database, for people who review calls."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, insert, select

from ausweis.batch.manifest import now
from ausweis.calls.call import Call
from ausweis.errors import NoCallError, StoreError
from ausweis.evals.labelled import LabelledCall
from ausweis.store import (
    audit_log,
    calibrations,
    deciding,
    decisions,
    deleting,
    figures,
    index,
    objections,
    querying,
    reviewers,
    run_files,
    sampling,
    search,
)
from ausweis.store.database import Database
from ausweis.store.exporting import Mask, case_of
from ausweis.store.importing import Audio, StoreSink
from ausweis.store.key import Key
from ausweis.store.reviewers import reviewer_by_key as by_key
from ausweis.store.rows import EVERY, Added, CallFilter, Deleted, Imported, Reviewer
from ausweis.store.schema import batches, make_tables, settings, verify_schema
from ausweis.store.schema import calls as calls_table
from ausweis.store.texts import add_texts

__all__ = ["Store"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _reading(function: Callable[Concatenate[Connection, _P], _T]) -> Callable[Concatenate["Store", _P], _T]:
    """A method that does what a function does, in one moment of the database."""

    @wraps(function)
    def method(store: "Store", /, *arguments: _P.args, **options: _P.kwargs) -> _T:
        with store._database.reading() as connection:
            return function(connection, *arguments, **options)

    return method


def _writing(function: Callable[Concatenate[Connection, Key, _P], _T]) -> Callable[Concatenate["Store", _P], _T]:
    """A method that does what a function does, in a transaction: kept whole or not at all."""

    @wraps(function)
    def method(store: "Store", /, *arguments: _P.args, **options: _P.kwargs) -> _T:
        with store._database.writing() as connection:
            return function(connection, store._key, *arguments, **options)

    return method


class Store:
    """Open one with `Store.open`; a context manager. May be used by several threads, and by several processes.

    What most methods do, and take, stands with the functions that they are made of.
    """

    def __init__(self, database: Database, key: Key) -> None:
        self._database = database
        self._key = key

    @classmethod
    def open(cls, address: str | Path, *, key: Key | None = None) -> "Store":
        """Open a store, make it where there is none.

        `address`: the path of a SQLite file, or `postgresql+psycopg://…`. By default, `key` is `Key.of(address)`.

        Raises:
            StoreError: it cannot be opened, was made by another version, or with another key.
        """
        key = key or Key.of(address)
        database = Database.open(address)
        try:
            with database.writing() as connection:
                make_tables(connection)
                _same_key(connection, key)
        except StoreError as error:
            database.close()
            raise error if error.place else StoreError(error.message, place=database.place) from None
        except BaseException:
            database.close()
            raise
        return cls(database, key)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def sink(self, folder: Path, audio: Audio | None = None, *, by: str = "ausweis") -> StoreSink:
        """The door for the calls of the run in a folder. `audio`: files by call id, besides those that the folder has.

        Raises:
            RunError: there is no run.
            StoreError: the store cannot be written.
        """
        return StoreSink(self._database, self._key, folder, audio, by=by)

    def import_run(
        self,
        folder: Path,
        calls: Iterable[Call] = (),
        audio: Audio | None = None,
        *,
        by: str = "ausweis",
    ) -> Imported:
        """Take up a run folder; what is there already stays, what has changed is replaced.

        The text of calls comes from `calls`, else from `transcripts.jsonl` in the folder, else from the run's inputs,
        where they can still be read. `audio`: as of `sink`.

        Raises:
            RunError: there is no run, or a line of it cannot be read; whole thousands before it are taken up.
            StoreError: the store cannot be written.
        """
        sink = self.sink(folder, audio, by=by)
        sink.take_up()
        sink.add_texts(calls)
        sink.find_texts()
        return sink.done

    def add_calls(self, calls: Iterable[Call], *, today: str | None = None, by: str = "ausweis") -> Added:
        """Keep the text of calls, before or after their verdicts. Agents become pseudonyms.

        One that does not fit the verdict that is there (`Added.misfits`) is left out: give it again after its own.
        `today`: when the run of these texts began, or by default now; of a later run, the text that is there stays.
        """
        displaced = misfits = 0
        for batch in batches(calls):
            with self._database.writing() as connection:
                added = add_texts(connection, self._key, batch, today or now())
                index.renew(connection, [call.id for call in batch])
                if added.changed:
                    audit_log.append(connection, self._key, "imported", by, content=f"{len(batch)} texts")
            displaced += added.displaced
            misfits += added.misfits
        return Added(displaced, misfits)

    unindexed = _reading(index.waiting)
    unsearched = _reading(index.unsearched)

    def index(self, *, at_once: int = 100) -> Iterator[int]:
        """Put calls into the index of what is searched that are not in, or would be masked otherwise by now.

        So many a transaction; gives the number of each. Calls that cannot be read stay out.
        """
        key, number = 0, 1
        with self._database.writing() as connection:
            index.begin(connection)
        while number:
            with self._database.writing() as connection:
                key, number = index.renew_some(connection, key, at_once)
            yield number

    hits = _reading(search.hits)
    search_unmasked = _writing(search.search_unmasked)
    calls = _reading(querying.rows)
    count = _reading(figures.count)
    keys = _reading(querying.keys)
    neighbours = _reading(querying.neighbours)
    position = _reading(querying.position)
    record = _reading(querying.record)
    found = _reading(querying.found)
    find = _reading(querying.find)
    queues = _reading(figures.queues)
    teams = _reading(figures.teams)
    days = _reading(figures.days)
    day_counts = _reading(figures.day_counts)
    counted_by_name = _reading(figures.counted_by_name)
    figures = _reading(figures.figures)
    decide = _writing(deciding.decide)
    hear = _writing(deciding.hear)
    hidden = _reading(querying.hidden)
    withdraw = _writing(deciding.withdraw)
    decided_by = _reading(decisions.decided_by)
    agreement = _reading(decisions.agreement)
    raise_objection = _writing(objections.raise_objection)
    rule_on_objection = _writing(objections.rule_on_objection)
    objections = _reading(objections.objection_list)
    draw_sample = _writing(sampling.draw)
    field_recall = _reading(sampling.field_recall)
    register_report = _writing(run_files.register_report)
    register = _writing(run_files.register)
    log = _writing(audit_log.log)
    prepare_calibration = _writing(calibrations.prepare)
    add_to_calibration = _writing(calibrations.add_calls)
    draw_calibration = _writing(calibrations.draw_calls)
    drop_from_calibration = _writing(calibrations.drop_call)
    start_calibration = _writing(calibrations.start)
    close_calibration = _writing(calibrations.close)
    calibration = _reading(calibrations.calibration)
    calibration_progress = _reading(calibrations.progress)
    calibrates = _reading(calibrations.made_in)
    opinions = _reading(calibrations.opinions)
    calibrations = _reading(calibrations.calibration_list)
    reviewer = _reading(reviewers.reviewer)
    known_names = _reading(reviewers.known_names)
    name_for = _reading(reviewers.name_for)
    spellings = _reading(reviewers.spellings)
    decided_since = _reading(reviewers.decided_since)
    invite = _writing(reviewers.invite)
    renew_key = _writing(reviewers.renew)
    change_role = _writing(reviewers.change_role)
    withdraw_key = _writing(reviewers.withdraw)
    saved_by = _reading(reviewers.saved_by)
    save_filter = _writing(reviewers.save_filter)
    forget_filter = _writing(reviewers.forget_filter)
    reviewers = _reading(reviewers.reviewer_list)
    unvouched = _reading(audit_log.unvouched)
    chain = _reading(audit_log.entries)

    def reviewer_by_key(self, own: str) -> Reviewer | None:
        """The reviewer whose key this is; None where it is nobody's, or not any more."""
        with self._database.reading() as connection:
            return by_key(connection, self._key, own)

    def delete(
        self, call_id: str, *, roots: Sequence[Path] = (), gone: Sequence[Path] = (), by: str = "ausweis"
    ) -> Deleted:
        """Remove one call everywhere, then search for it; also one that only the runs or `roots` have.

        Where runs, pages or cases of it are `missing`, deleting it again asks for them again, but for those in or below
        `gone`.

        Raises:
            RunError: a run that holds the call is being written; then the call is still in the store.
            StoreError: there is no such call, or a folder of recorded answers is not there; then nothing is removed. Or
                something of it is left; all that could be removed is, and deleting it again searches again.
        """
        with self._database.reading() as connection:
            wanted = select(calls_table.c.key).where(calls_table.c.call_id == call_id)
            key = connection.execute(wanted).scalar()
        ids = {deleting.UNKNOWN if key is None else key: call_id}
        return deleting.delete_calls(self._database, self._key, ids, roots=roots, gone=gone, by=by, whole=False)

    def expire(
        self, days: int, *, today: date, roots: Sequence[Path] = (), gone: Sequence[Path] = (), by: str = "ausweis"
    ) -> Deleted:
        """Remove all calls of more than so many days ago, likewise; and search for what was left of earlier ones."""
        with self._database.reading() as connection:
            ids = deleting.calls_before(connection, date.fromordinal(max(1, today.toordinal() - days)))
        return deleting.delete_calls(self._database, self._key, ids, roots=roots, gone=gone, by=by, whole=True)

    def verify_chain(self, head: str | None = None) -> int:
        """Check every entry, that rows are as they were written but for those of `unvouched`, that states follow.

        And the schema. The number of entries. `head`: the hash of an entry noted down before; it must still be there.

        Raises:
            StoreError: something was changed, added or is missing; it names the first such entry, row or table.
        """
        with self._database.reading() as connection:
            try:
                number = audit_log.verify(connection, self._key, head)
                decisions.check_states(connection)
                verify_schema(connection)
            except StoreError as error:
                raise StoreError(error.message, place=self._database.place) from None
        return number

    def export_cases(self, filter: CallFilter = EVERY, *, mask: Mask, by: str = "ausweis") -> Iterator[LabelledCall]:  # noqa: A002
        """The decided calls whose text is known, as golden cases without personal data."""
        which = replace(filter, states=("confirmed", "overruled"))
        exported = 0
        for key in self.keys(which):
            try:
                record = self.record(key)
            except NoCallError:
                # Deleted meanwhile.
                continue
            case = case_of(record, self._key, mask)
            if case is not None:
                exported += 1
                yield case
        with self._database.writing() as connection:
            audit_log.append(connection, self._key, "exported", by, content=f"{exported} cases")


def _same_key(connection: Connection, key: Key) -> None:
    """Make the key of a new store; refuse another one than the store was made with."""
    wanted = select(settings.c.value).where(settings.c.name == "key")
    fingerprint = connection.execute(wanted).scalar()
    if fingerprint is None:
        key.make()
        connection.execute(insert(settings), {"name": "key", "value": key.fingerprint})
    elif fingerprint != key.fingerprint:
        raise StoreError("the store was made with another key; put that one back", place=str(key.path))
