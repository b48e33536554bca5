"""The process: `ausweis`, or `python -m ausweis`. Ctrl-C and SIGTERM end it alike, in a sentence and with code 130.

Before a command begins there is nothing to wind up, and it ends at once. A command is broken off by KeyboardInterrupt,
and once it has wound up, nobody waits for its threads. When it has ended, its code stands; a second signal cuts short
what Python waits for then.
"""

import atexit
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

STOPPED = 130
TOLD = b"ausweis: stopped\n"


def main() -> None:
    """Run the command line, and end the process."""
    _on_signals(_end_at_once)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # it was closed before, and the next file would take its number
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115
    # Python's last steps take handlers away, and then a signal would kill it.
    atexit.register(_on_signals, signal.SIG_IGN)
    from ausweis.cli import broken_off
    from ausweis.cli import main as run

    sys.unraisablehook = partial(_strike_again, sys.unraisablehook, broken_off)
    try:
        try:
            _on_signals(partial(_break_off, broken_off))
            run()
        finally:
            _on_signals(_let_pass)
            signal.setitimer(signal.ITIMER_REAL, 0)
    except SystemExit as ended:
        if broken_off and isinstance(ended.code, int):
            _end_without_threads(ended.code)
        raise
    except KeyboardInterrupt:  # a second one, or one between two lines of the above
        os.write(2, TOLD)
        _end_without_threads(STOPPED)


def _end_without_threads(code: int) -> NoReturn:
    """Python would wait for threads, which may wait for a server for ever."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _on_signals(handler: Callable[[int, object], None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        # A shell lets what it runs in the background ignore Ctrl-C.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _end_at_once(number: int, frame: object) -> None:
    try:
        os.write(2, TOLD)
    finally:
        os._exit(STOPPED)


def _break_off(broken_off: list[int], number: int, frame: object) -> None:
    broken_off.append(number)
    logging.disable()  # what a library has to say of the interruption
    raise KeyboardInterrupt


def _strike_again(otherwise: Callable[[Any], object], broken_off: list[int], unraisable: Any) -> None:
    """A signal that struck in a callback of Python's own, where nothing can be raised, comes again in a moment."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        signal.signal(signal.SIGALRM, partial(_break_off, broken_off))
        signal.setitimer(signal.ITIMER_REAL, 0.01)
    else:
        otherwise(unraisable)


def _let_pass(number: int, frame: object) -> None:
    _on_signals(_end_at_once)


if __name__ == "__main__":
    main()
