"""How far a run is, on standard error: a bar on a terminal, otherwise a plain line now and then."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from ausweis.cli import broken_off

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from ausweis.batch import Progress
    from ausweis.calls import Source

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


class SoundHeard:
    """What was heard this time. `sources`: all that are read, in their order.

    Bytes stand for what a recording takes: files of one telephone system have one coding, and nobody has to open
    hundreds of them beforehand. Where transcripts are among the sources, nothing is said about the rest.
    """

    def __init__(self, sources: "Sequence[Source]" = ()) -> None:
        only = all(source.is_recording for source in sources)
        sizes = [(source.default_id, source.size or 0) for source in sources] if only else []
        self._places = {name: place for place, (name, _) in enumerate(sizes)}
        self._sizes = [size for _, size in sizes]
        self._done = self._seconds = 0.0
        self._name: str | None = None
        self._heard = self._length = 0.0

    def tell(self, name: str, seconds: float, length: float) -> None:
        """So many seconds of this recording, which seems to have `length`, were heard; 0 where that is not known."""
        if name != self._name:
            self._finish()
            self._name = name
        self._heard, self._length = seconds, length

    def _finish(self) -> None:
        """The next one begins, so the whole of the last was heard."""
        self._seconds += self._heard
        self._done += self._size
        self._heard = 0.0

    @property
    def seconds(self) -> float:
        """Of sound, in all recordings so far."""
        return self._seconds + self._heard

    @property
    def here(self) -> str:
        """`at 2 min of 6 min in 0815`; the name, which may be long, stands last."""
        of = f" of {span(self._length)}" if self._length else ""
        return f"at {span(self._heard)}{of} in {self._name}"

    def left(self, spent: float) -> float | None:
        """Seconds that the rest will take, after so many; None where nobody can say."""
        if self._name not in self._places:
            return None
        share = min(1.0, self._heard / self._length) if self._length else 0.0
        done = self._done + share * self._size
        rest = sum(self._sizes[self._places[self._name] :]) - share * self._size
        return spent * rest / done if done else None

    @property
    def _size(self) -> int:
        place = None if self._name is None else self._places.get(self._name)
        return 0 if place is None else self._sizes[place]


def span(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


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


class _Plain(Show):
    """Tells a plain line now and then."""

    def __init__(self, total: int | None, sources: "Sequence[Source]") -> None:
        from ausweis.batch import Progress

        self._total = total
        self._progress = Progress()
        self._sound = SoundHeard(sources)
        self._begun = self._last = time.monotonic()

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
        if time.monotonic() - self._last >= PLAIN_SECONDS:
            self._last = time.monotonic()
            with suppress(OSError):  # a run is worth more than what is told of it
                click.echo(text, err=True)


class _Bar(_Plain):
    def __init__(self, bar: "Bar", total: int | None, sources: "Sequence[Source]") -> None:
        super().__init__(total, sources)
        self._bar = bar
        self._task = bar.add_task("0 calls", total=total)

    def _tell(self, text: str) -> None:
        self._bar.update(self._task, completed=self._progress.seen, description=text)
