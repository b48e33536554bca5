"""How far a run is, on standard error: a bar on a terminal, otherwise a plain line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from ausweis.batch import Progress

__all__ = ["PLAIN_SECONDS", "Show", "progress_shown", "sentence", "steps_shown"]

PLAIN_SECONDS = 10.0


class Show:
    """Called with the progress after each call; this one shows nothing."""

    def __call__(self, progress: "Progress") -> None:
        """Calls looked at so far."""

    def listening(self, name: str, seconds: float) -> None:
        """A recording is being heard: its name, and how many seconds of it were."""


@contextmanager
def progress_shown(total: int | None, *, quiet: bool = False) -> Iterator[Show]:
    """Give what shows progress; `total` calls in all, where that is known."""
    if quiet:
        yield Show()
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (BarColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield _Bar(bar, total)
    else:
        yield _Plain(total)


@contextmanager
def steps_shown(total: int) -> Iterator[Callable[[int, float], None]]:
    """Give what shows a learning: it is told how many steps of so many are done, and the loss of the last ones."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    begun = time.monotonic()
    spoken, first = begun, -1
    columns = (BarColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=total)

        def show(done: int, loss: float) -> None:
            nonlocal spoken, first
            now = time.monotonic()
            first = done - 1 if first < 0 else first
            left = _span((total - done) * (now - begun) / (done - first))
            text = f"step {done} of {total}, loss {loss:.4f}, {left} left"
            bar.update(task, completed=done, description=text)
            if bar.disable and now - spoken >= PLAIN_SECONDS:
                spoken = now
                _say(text)

        yield show


def sentence(progress: "Progress", total: int | None, seconds: float) -> str:
    """`12 of 40 calls, 1 failed, 0.25 a second, 2 min left`; the rate is of this run, not of one before it."""
    of = f" of {total}" if total is not None else ""
    parts = [f"{progress.seen}{of} calls"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    read = progress.seen - progress.earlier
    if read and seconds > 0:
        rate = read / seconds
        parts.append(f"{rate:.2g} a second" if rate < 10 else f"{rate:.0f} a second")
        if total is not None and total > progress.seen:
            parts.append(f"{_span((total - progress.seen) / rate)} left")
    return ", ".join(parts)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _say(text: str) -> None:
    with suppress(OSError):
        # A run is worth more than what is told of it.
        click.echo(text, err=True)


class _Plain(Show):
    def __init__(self, total: int | None) -> None:
        self._total = total
        self._begun = self._last = time.monotonic()

    def __call__(self, progress: "Progress") -> None:
        if self._is_due():
            _say(sentence(progress, self._total, self._last - self._begun))

    def listening(self, name: str, seconds: float) -> None:
        if self._is_due():
            _say(f"listening to {name}: {_span(seconds)} heard")

    def _is_due(self) -> bool:
        if time.monotonic() - self._last < PLAIN_SECONDS:
            return False
        self._last = time.monotonic()
        return True


class _Bar(Show):
    def __init__(self, bar: "Bar", total: int | None) -> None:
        self._bar = bar
        self._total = total
        self._begun = time.monotonic()
        self._task = bar.add_task("0 calls", total=total)
        self._text = "0 calls"

    def __call__(self, progress: "Progress") -> None:
        self._text = sentence(progress, self._total, time.monotonic() - self._begun)
        self._bar.update(self._task, completed=progress.seen, description=self._text)

    def listening(self, name: str, seconds: float) -> None:
        self._bar.update(self._task, description=f"{self._text}; listening to {name}: {_span(seconds)} heard")
