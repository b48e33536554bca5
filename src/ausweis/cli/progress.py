"""How far a run is, on standard error: a bar on a terminal, otherwise a plain line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ausweis.batch import Progress

__all__ = ["PLAIN_SECONDS", "progress_shown", "sentence"]

PLAIN_SECONDS = 10.0
Show = Callable[["Progress"], None]


@contextmanager
def progress_shown(total: int | None, *, quiet: bool = False) -> Iterator[Show]:
    """Give a function that shows progress; `total` calls in all, where that is known."""
    if quiet:
        yield lambda progress: None
    elif sys.stderr.isatty():
        with _bar(total) as show:
            yield show
    else:
        yield _plain(total)


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


def _plain(total: int | None) -> Show:
    begun = last = time.monotonic()

    def show(progress: "Progress") -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_SECONDS:
            last = time.monotonic()
            click.echo(sentence(progress, total, last - begun), err=True)

    return show


@contextmanager
def _bar(total: int | None) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    begun = time.monotonic()
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("0 calls", total=total)

        def show(progress: "Progress") -> None:
            text = sentence(progress, total, time.monotonic() - begun)
            bar.update(task, completed=progress.seen, description=text)

        yield show
