"""Standard output that cannot be written: the disk is full, or whoever reads it has gone."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from ausweis.errors import AusweisError

__all__ = ["OutputError", "output_checked"]


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
