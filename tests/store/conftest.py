"""A store on SQLite and, where there is a server, on PostgreSQL: tests of `store` run on both."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from tests.store.postgres import MISSING, serving
from tests.store.runs import write_run

from ausweis.calls import Call
from ausweis.store import Key, RunWriter, Store

Filled = Callable[..., RunWriter]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with serving() as address:
        if address is None:
            pytest.skip(MISSING)
        yield address


@pytest.fixture
def postgres(server: str) -> Iterator[str]:
    """The address of a new database."""
    name = f"ausweis_{uuid.uuid4().hex}"
    url = make_url(server)
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres"))
    return str(tmp_path / "store.sqlite")


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key.beside(tmp_path / "store.sqlite")


@pytest.fixture
def store(address: str, key: Key) -> Iterator[Store]:
    with Store.open(address, key=key) as opened:
        yield opened


@pytest.fixture
def filled(store: Store) -> Filled:
    """Judges calls into the store."""

    def fill(calls: list[Call], **more: Any) -> RunWriter:
        return write_run(store, calls, **more)

    return fill
