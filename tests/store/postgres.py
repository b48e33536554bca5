"""A PostgreSQL server of our own, for the tests of a session; or the one that AUSWEIS_TEST_POSTGRES names."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMED = "AUSWEIS_TEST_POSTGRES"
MISSING = f"no PostgreSQL here: install it (Debian: apt-get install postgresql), or name a server in {NAMED}"
_SETTINGS = "-c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=30 -c shared_buffers=64MB"


def binaries() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, the newest there is."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = str(places[0]) if places else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def serving() -> Iterator[str | None]:
    """The address of a server, without a database; None where none can be had."""
    if named := os.environ.get(NAMED):
        yield named
        return
    programs = binaries()
    if programs is None or (os.getuid() == 0 and shutil.which("setpriv") is None):
        yield None
        return
    # A socket's path must be short, so not the folder of the tests.
    with tempfile.TemporaryDirectory(prefix="apg") as name:
        folder = Path(name)
        folder.chmod(0o777)
        # The server refuses to be run by root.
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []

        def run(program: str, *arguments: str) -> None:
            command = [*as_user, str(programs / program), *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

        data = str(folder / "data")
        run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-k {folder} {_SETTINGS}"
        run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgresql+psycopg://postgres@/?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
