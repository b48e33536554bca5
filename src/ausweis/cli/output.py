"""What commands write: to standard output, which may be full or without a reader; files about calls."""

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

from ausweis.errors import AusweisError

if TYPE_CHECKING:
    from ausweis.store import Store


def warn(text: str) -> None:
    """Say one sentence on standard error, so that what is piped on stays clean."""
    click.echo(f"ausweis: {text}", err=True)


def show_json(body: Any) -> None:
    """What `--json` asks for, as one line of standard output."""
    import json

    click.echo(json.dumps(body, ensure_ascii=False))


def write_file(path: Path, content: str | bytes, *, mode: int | None = None) -> None:
    """Write a file in one step, in a folder that is made where it is missing.

    Raises:
        RunError: it cannot be written.
    """
    from ausweis.journal import make_folder, replace_file

    make_folder(path.parent)
    replace_file(path, content, mode=mode)


def write_out(paths: Iterable[Path], content: Mapping[str, Callable[[], str]]) -> None:
    """Write the files of an `--out` (`ausweis.cli.options.out_option`): their content by the end of their names.

    Raises:
        RunError: one cannot be written.
    """
    for path in paths:
        write_file(path, content[path.suffix]())


def write_report(store: "Store", path: Path, keys: Iterable[int], content: Callable[[], str | bytes]) -> None:
    """Write a file about these calls, and say where it is; deleting one of them removes it.

    Raises:
        RunError: it cannot be written.
        StoreError: the store cannot be.
    """
    known = list(keys)
    # Registered first: a page that the store does not know of would outlive its calls; so would the one before it.
    store.register_report(path, known, besides=True)
    # As the store is: others who may read the folder may not read what was said.
    write_file(path, content(), mode=0o600)
    store.register_report(path, known)
    click.echo(str(path))


class OutputError(AusweisError):
    """Standard output cannot be written. `unread`: nobody reads it any more, as when `head` has enough."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"standard output cannot be written ({error.strerror}); nothing else is lost")
        self.unread = error.errno == errno.EPIPE


class _Checked:
    """A stream whose faults are told from those of other files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            raise OutputError(error) from None

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise OutputError(error) from None


@contextmanager
def output_checked() -> Iterator[None]:
    """Standard output, written through to its end.

    Raises:
        OutputError: it cannot be written; what is written to it afterwards goes nowhere.
    """
    stream = sys.stdout
    sys.stdout = cast(TextIO, _Checked(stream))
    try:
        yield
        sys.stdout.flush()
    except OutputError:
        with suppress(OSError):
            # Or Python tries it once more at the end, and complains.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise
    finally:
        sys.stdout = stream
