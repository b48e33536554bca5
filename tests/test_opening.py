"""The rule: of the files that users name, pipes, sockets and devices are refused; streams that a shell opened are read.

Nobody waits for a pipe that has no writer, or reads a device without end.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from evals.lab.heard import read_spoken

from ausweis.cli.serve import sign_on_of
from ausweis.engines.fake import FakeEngine
from ausweis.engines.heads import Probe
from ausweis.engines.learned_index import LearnedIndex
from ausweis.engines.recorded import RecordedOnly, unpack
from ausweis.engines.weights import catalogue, locate, locate_file
from ausweis.errors import AusweisError
from ausweis.evals.baseline import read_baseline
from ausweis.evals.folder import read_eval
from ausweis.journal import FolderLock, Journal, lines
from ausweis.labelled import read_labelled
from ausweis.opening import read_bytes
from ausweis.policies import find_policy
from ausweis.prompts import Template
from ausweis.prompts.library import LOCK_NAME, Lock
from ausweis.store import Key, Store

Reader = Callable[[Path], Any]


def _own_catalogue(path: Path) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(catalogue.CATALOGUE_VARIABLE, str(path))
        return catalogue.entries()


READERS: dict[str, Reader] = {
    "policy": find_policy,
    "answers": FakeEngine.from_file,
    "catalogue": _own_catalogue,
    "template": Template.load,
    "model": lambda path: locate(str(path)),
    "voices": lambda path: locate_file(str(path)),
    "probe": Probe.load,
    "recorded answers": unpack,
    "baseline": read_baseline,
    "spoken calls": read_spoken,
    "golden file": lambda path: list(read_labelled(path)),
    "lines": lambda path: list(lines(path)),
    "lines to write": Journal,
    "store": Store.open,
    "key": lambda path: Key(path).fingerprint,
    "secret of a proxy": lambda path: sign_on_of("x-user", ("127.0.0.1",), path, known_only=False),
}
INSIDE: dict[str, Reader] = {
    "eval.json": read_eval,
    "engine.json": RecordedOnly,
    LOCK_NAME: Lock.read,
    "learned.yaml": LearnedIndex.read,
    FolderLock.NAME: FolderLock,
}
"""What is in a folder that a user names."""


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """Who waits for the pipe is told so."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits"))
    signal.alarm(60)
    yield
    signal.alarm(0)


@pytest.mark.parametrize("reader", READERS)
def test_no_pipe_and_no_device_is_waited_for(reader: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(AusweisError) as caught:
            READERS[reader](path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", INSIDE)
def test_nor_one_in_a_folder(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(AusweisError):
        INSIDE[name](tmp_path)


def test_a_stream_is_read_that_the_shell_opened(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"a: 1")
    os.close(theirs)
    assert read_bytes(Path(f"/dev/fd/{ours}")) == b"a: 1"
    os.close(ours)
