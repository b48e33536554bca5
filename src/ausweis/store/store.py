"""The store: runs, calls, facts, verdicts and decisions in one database, for people who review calls."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, insert, select

from ausweis.errors import NoCallError, StoreError
from ausweis.labelled import LabelledCall
from ausweis.store import (
    audit_log,
    calibrations,
    deciding,
    decisions,
    deleting,
    exports,
    figures,
    index,
    objections,
    querying,
    reviewers,
    sampling,
    search,
)
from ausweis.store.database import Database
from ausweis.store.exporting import Mask, case_of
from ausweis.store.key import Key
from ausweis.store.rows import EVERY, CallFilter
from ausweis.store.schema import make_tables, settings, verify_schema
from ausweis.store.writing import RunWriter

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


def _with_database(function: Callable[Concatenate[Database, Key, _P], _T]) -> Callable[Concatenate["Store", _P], _T]:
    """A method that opens transactions of its own."""

    def method(store: "Store", /, *arguments: _P.args, **options: _P.kwargs) -> _T:
        return function(store._database, store._key, *arguments, **options)

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

    @property
    def place(self) -> str:
        """The address as it may be shown, without its password."""
        return self._database.place

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    begin = _with_database(RunWriter)
    delete = _with_database(deleting.delete_one)
    expire = _with_database(deleting.expire)
    unindexed = _reading(index.waiting)
    unjudged = _reading(index.unjudged)

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
    previews = _reading(search.previews)
    search_unmasked = _writing(search.search_unmasked)
    calls = _reading(querying.rows)
    count = _reading(figures.count)
    keys = _reading(querying.keys)
    neighbours = _reading(querying.neighbours)
    record = _reading(querying.record)
    found = _reading(querying.found)
    find = _reading(querying.find)
    came_in = _reading(querying.came_in)
    judged = _reading(querying.judged)
    judged_by = _reading(querying.judged_by)
    judged_in = _reading(querying.judged_in)
    failed_in = _reading(querying.failed_in)
    queues = _reading(figures.queues)
    teams = _reading(figures.teams)
    days = _reading(figures.days)
    day_counts = _reading(figures.day_counts)
    counted_by_name = _reading(figures.counted_by_name)
    reasons = _reading(figures.reasons)
    figures = _reading(figures.figures)
    assign = _writing(reviewers.assign)
    decide = _writing(deciding.decide)
    hear = _writing(deciding.hear)
    hidden = _reading(querying.hidden)
    withdraw = _writing(deciding.withdraw)
    decided_by = _reading(querying.decided_by)
    agreement = _reading(decisions.agreement)
    raise_objection = _writing(objections.raise_objection)
    rule_on_objection = _writing(objections.rule_on_objection)
    objections = _reading(objections.objection_list)
    draw_sample = _writing(sampling.draw)
    field_recall = _reading(sampling.field_recall)
    register_report = _writing(exports.register_report)
    register = _writing(exports.register)
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
    reviewer_by_key = _with_database(reviewers.reviewer_by_key)
    known_names = _reading(reviewers.known_names)
    name_for = _reading(reviewers.name_for)
    spellings = _reading(reviewers.spellings)
    decided_since = _reading(reviewers.decided_since)
    invite = _writing(reviewers.invite)
    renew_key = _writing(reviewers.renew)
    change_role = _writing(reviewers.change_role)
    withdraw_key = _writing(reviewers.withdraw)
    reviewers = _reading(reviewers.reviewer_list)
    unvouched = _reading(audit_log.unvouched)
    chain = _reading(audit_log.entries)

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
        """The decided calls, as golden cases without personal data."""
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
