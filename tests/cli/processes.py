"""The command line for tests: what it gives back, and processes of its own that tell what they leave on the disk, and
running.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.stored import count

PATIENCE = 600
"""Seconds until a process that does not end is a fault, on however slow a machine."""
READER = Path(__file__).parents[1] / "batch" / "reader.py"
"""The command line with a small reader, as a program."""
SOURCE = Path(__file__).parents[2] / "src"
BESIDE = (
    "ausweis: ausweis.sqlite.key: the key lies beside its store, and whoever copies the folder has both; "
    "with real calls, move it elsewhere and name its file in AUSWEIS_STORE_KEY_FILE\n"
)
"""What is told where a store was made."""
FAKE = ("--policy", "telecom-de", "--engine", "fake:answers.yaml")
# What a shell begins with `&` ignores Ctrl-C, and so does all that it begins.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Ran(NamedTuple):
    """What a command gave back."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]
Start = Callable[..., "subprocess.Popen[bytes]"]
Write = Callable[..., str]


class Cli(NamedTuple):
    """The command line in processes of its own; all that descend from them carry the mark in their environment."""

    folder: Path
    mark: str

    @property
    def temporary(self) -> Path:
        """Their folder of temporary files; its name is short, as the names of Ray's sockets must be."""
        return Path(tempfile.gettempdir()) / self.mark[:6]

    @property
    def store(self) -> Path:
        """Where the store is by default."""
        return self.folder / "ausweis.sqlite"

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        return self.launch("ausweis", "score", "calls.jsonl", *FAKE, *arguments, **environment)

    def launch(self, module: str, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """A Python module as a program."""
        self.temporary.mkdir(exist_ok=True)
        own = {"AUSWEIS_TEST": self.mark, "HOME": str(self.folder / "home"), "TMPDIR": str(self.temporary)}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "AUSWEIS_PROMPTS"))}
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=kept | own | environment,
            start_new_session=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        process = self.start(*arguments, **environment)
        error = process.communicate(timeout=PATIENCE)[1].decode()
        return process.returncode, error

    def processes(self, *names: str) -> dict[int, str]:
        """Those that run, by what they call themselves."""
        found = {}
        for path in Path("/proc").iterdir():
            with suppress(OSError):
                if path.name.isdecimal() and f"AUSWEIS_TEST={self.mark}".encode() in (path / "environ").read_bytes():
                    title = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                    if title and (not names or any(name in title for name in names)):
                        found[int(path.name)] = title
        return found

    def until_none_runs(self, *names: str, but: tuple[str, ...] = ()) -> None:
        """Until all have ended, or all whose names hold one of these; those that are excepted need not."""
        end = time.monotonic() + PATIENCE
        while found := set(self.processes(*names).values()) - set(but):
            assert time.monotonic() < end, found
            time.sleep(0.05)

    def wait_for(self, number: int, process: "subprocess.Popen[bytes]", store: str = "ausweis.sqlite") -> None:
        """Until so many verdicts are there."""
        end = time.monotonic() + PATIENCE
        while count(self.folder / store) < number:
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < end
            time.sleep(0.01)


def files_with(words: tuple[str, ...], folder: Path) -> list[Path]:
    """Those in which one of the words stands."""
    found = []
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file() and any(word.encode() in path.read_bytes() for word in words):
                found.append(path)
    return found
