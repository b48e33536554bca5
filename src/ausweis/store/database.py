"""Connections to SQLite or PostgreSQL: set up, and every fault told as a sentence without a word of a call."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, bindparam, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from ausweis.errors import StoreError
from ausweis.journal import write_fault
from ausweis.opening import require_file

SOME: Any = bindparam("some", expanding=True)
"""In statements that are built once: the keys or ids that are asked for, of which there may be several."""

PENDING = "ausweis: sum of digests"
"""In `Connection.info`: what digests of rows changed by since the last entry of the audit log."""
_WAIT_SECONDS = 60
_LOCK = 0x61757377
"""The advisory lock of PostgreSQL that a writer holds: one writes at a time, as SQLite has it."""
_SETTINGS = (
    # For a new file alone. A verdict with its facts has about 3 kB: pages of 4 kB would be a quarter empty.
    "PRAGMA page_size = 16384",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # What is deleted is overwritten with zeros.
    "PRAGMA secure_delete = ON",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
)


UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What comes of a row that is not as it was written: JSON, a date or a number that is none."""
_DAMAGED = (
    "a row is damaged, or was changed by another program; see which: ausweis store verify; then delete its call and "
    "score it again, or put a backup in the place of the store"
)
_ROOM = "make room on the disk, and try again"
_TO_DO = {
    "not a database": ("store_damaged", "name another file, or put a backup in its place"),
    "malformed": ("store_damaged", "put a backup in its place, or begin another store and score the calls again"),
    "readonly": ("store_readonly", "allow this user to write to the file and its folder"),
    "unable to open": ("store_readonly", "allow this user to write to the file and its folder"),
    "locked": ("store_locked", "another process is writing to it; wait until it is done, or end it, and try again"),
    "full": ("store_full", _ROOM),
    # Of the memory that readers share, SQLite says no more; PostgreSQL says so of all files.
    "IOERR_SHMSIZE": ("store_full", _ROOM),
    "No space left": ("store_full", _ROOM),
    "disk I/O": ("store_other", "see that the disk is sound, and has room"),
    "connection": ("store_unreachable", "see that the server runs, and that address and password are right"),
}
"""By words of the fault: its code, and what helps."""


class Database:
    """Gives transactions; `place` is the address as it may be shown, without its password."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self._engine = engine
        # A writer must see what was written while it waited for its turn: only readers keep to one moment.
        self._reader = engine if path else engine.execution_options(isolation_level="REPEATABLE READ")
        self._writer = engine.execution_options(ausweis_writes=True)
        self.path = path
        self.place = str(path) if path else engine.url.render_as_string(hide_password=True)

    @classmethod
    def open(cls, address: str | Path) -> "Database":
        """Connect; a SQLite file is made where there is none, with its folder, for the user's eyes alone.

        Raises:
            StoreError: the address is none, or what it names cannot be opened.
        """
        url, path = _url(address)
        if path is not None:
            _make_file(path)
        wait: dict[str, Any] = {"timeout": _WAIT_SECONDS} if path else {"connect_timeout": 10}
        try:
            # Parameters hold what was said in calls; no error message may.
            engine = create_engine(url, hide_parameters=True, pool_pre_ping=path is None, connect_args=wait)
        except ModuleNotFoundError:
            raise StoreError("PostgreSQL needs its driver: pip install 'ausweis[postgres]'") from None
        if path is not None:
            _set_up_sqlite(engine)
        return cls(engine, path)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.path is not None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One moment of the database. StoreError where it cannot be read."""
        with self._told(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that nobody else writes beside; kept whole or not at all. StoreError where it cannot be."""
        with self._told(), self._writer.begin() as connection:
            # Of a transaction that was broken off.
            connection.info.pop(PENDING, None)
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection

    def tidy(self, *, whole: bool = True) -> None:
        """Leave nothing of what was deleted on the disk. With `whole`, the database is written anew.

        Raises:
            StoreError: others use it.
        """
        with self._told(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not self.is_sqlite:
                connection.execute(text("VACUUM FULL" if whole else "VACUUM"))
                return
            if whole:
                connection.exec_driver_sql("VACUUM")
            if connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar():
                message = "others are reading the store; end `ausweis serve`, and try again"
                raise StoreError(message, place=self.place, code="store_read")

    def files(self) -> list[Path]:
        """The files of a SQLite database that are there; none of a server."""
        if self.path is None:
            return []
        names = (self.path.name + end for end in ("", "-wal", "-shm", "-journal"))
        return [path for path in map(self.path.with_name, names) if path.exists()]

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            code, message = _fault(error)
            raise StoreError(message, place=self.place, code=code) from None
        except UNREADABLE:
            # What it quotes is shown by AUSWEIS_DEBUG alone, which also tells a damaged row from a fault of ours.
            raise StoreError(_DAMAGED, place=self.place, code="store_damaged") from None


def _url(address: str | Path) -> tuple[URL, Path | None]:
    if "://" not in str(address):
        if not str(address).strip():
            raise StoreError("the address of the store is empty; name a file")
        path = Path(address).absolute()
        return URL.create("sqlite", database=str(path)), path
    try:
        url = make_url(str(address))
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        if url.drivername == "postgresql+psycopg":
            return url, None
    except (ArgumentError, NoSuchModuleError, ValueError):
        pass
    raise StoreError("the address of a store is the path of a file, or postgresql://USER@HOST/DATABASE")


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        require_file(path, new=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(write_fault(path, error).message, place=str(path)) from None


def _set_up_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        # The driver begins no transactions by itself: `begin` below does, so that reads and DDL are in them too.
        connection.isolation_level = None
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.create_function("folded", 1, lambda words: (words or "").casefold(), deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("ausweis_writes") else "BEGIN")


def _fault(error: SQLAlchemyError) -> tuple[str, str]:
    """The code of what went wrong, and a sentence.

    Only faults of the connection, the disk or the file are quoted: others may quote a value.
    """
    cause = getattr(error, "orig", None)
    name = type(cause or error).__name__
    if "decode" in str(cause)[:30]:
        # It quotes what it could not decode.
        return "store_damaged", _DAMAGED
    if cause is not None and (isinstance(error, OperationalError) or "database" in str(cause)[:30]):
        words = " ".join(str(cause).split())[:200]
        kind = f"{words} {getattr(cause, 'sqlite_errorname', '')}"
        code, to_do = next((known for fault, known in _TO_DO.items() if fault in kind), ("store_other", ""))
        return code, f"the store cannot be used: {words}{to_do and f'; {to_do}'}"
    return "store_other", f"the store cannot be used ({name})"
