"""How far a run is, on standard error: a bar on a terminal, otherwise a plain line now and then."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from ausweis.cli import broken_off
from ausweis.cli.sound import SoundHeard, span

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from ausweis.batch import Progress
    from ausweis.calls import Source

__all__ = ["PLAIN_SECONDS", "Show", "progress_shown", "sentence"]

PLAIN_SECONDS = 10.0


class Show:
    """Called with the progress after each call; this one shows nothing."""

    def __call__(self, progress: "Progress") -> None:
        """Calls looked at so far.

        Raises (KeyboardInterrupt): a signal broke the command off, and a library made an error of one call of it.
        """
        if broken_off:
            raise KeyboardInterrupt

    def listening(self, name: str, seconds: float, length: float) -> None:
        """A recording is being heard: its name, how many seconds of it were, and how many it has; 0 where not known."""


@contextmanager
def progress_shown(total: int | None, sources: "Sequence[Source]" = (), *, quiet: bool = False) -> Iterator[Show]:
    """Give what shows progress; `total` calls in all, where that is known, from these sources."""
    if quiet:
        yield Show()
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (BarColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield _Bar(bar, total, sources)
    else:
        yield _Plain(total, sources)


def sentence(progress: "Progress", total: int | None, seconds: float, sound: SoundHeard | None = None) -> str:
    """`12 of 40 calls, 1 failed, 0.25 a second, 2 min left`, and `14 min heard` where there are recordings.

    Rate and rest are of this run, not of one before it.
    """
    of = f" of {total}" if total is not None else ""
    parts = [f"{progress.seen}{of} calls"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    read = progress.seen - progress.earlier
    left = None
    if sound and sound.seconds:
        parts.append(f"{span(sound.seconds)} heard")
        left = sound.left(seconds)
    elif read and seconds > 0:
        rate = read / seconds
        parts.append(f"{rate:.2g} a second" if rate < 10 else f"{rate:.0f} a second")
        left = None if total is None else (total - progress.seen) / rate
    if left and progress.seen != total:
        parts.append(f"{span(left)} left")
    return ", ".join(parts)


def _say(text: str) -> None:
    with suppress(OSError):
        # A run is worth more than what is told of it.
        click.echo(text, err=True)


class _Telling(Show):
    """Knows all that a sentence needs."""

    def __init__(self, total: int | None, sources: "Sequence[Source]") -> None:
        from ausweis.batch import Progress

        self._total = total
        self._progress = Progress()
        self._sound = SoundHeard(sources)
        self._begun = time.monotonic()

    def __call__(self, progress: "Progress") -> None:
        super().__call__(progress)
        self._progress = progress
        self._tell(self._sentence())

    def listening(self, name: str, seconds: float, length: float) -> None:
        self._sound.tell(name, seconds, length)
        self._tell(f"{self._sentence()}; {self._sound.here}")

    def _sentence(self) -> str:
        return sentence(self._progress, self._total, time.monotonic() - self._begun, self._sound)

    def _tell(self, text: str) -> None:
        raise NotImplementedError


class _Plain(_Telling):
    def __init__(self, total: int | None, sources: "Sequence[Source]") -> None:
        super().__init__(total, sources)
        self._last = self._begun

    def _tell(self, text: str) -> None:
        if time.monotonic() - self._last >= PLAIN_SECONDS:
            self._last = time.monotonic()
            _say(text)


class _Bar(_Telling):
    def __init__(self, bar: "Bar", total: int | None, sources: "Sequence[Source]") -> None:
        super().__init__(total, sources)
        self._bar = bar
        self._task = bar.add_task("0 calls", total=total)

    def _tell(self, text: str) -> None:
        self._bar.update(self._task, completed=self._progress.seen, description=text)
