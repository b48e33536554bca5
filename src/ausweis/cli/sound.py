"""How far the hearing of recordings is: which one is heard, minutes heard in all, and how long the rest will take."""

from collections.abc import Sequence

from ausweis.calls import Source

__all__ = ["SoundHeard", "span"]


class SoundHeard:
    """What was heard this time. `sources`: all that are read, in their order.

    Bytes stand for what a recording takes: files of one telephone system have one coding, and nobody has to open
    hundreds of them beforehand. Where transcripts are among the sources, nothing is said about the rest.
    """

    def __init__(self, sources: Sequence[Source] = ()) -> None:
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
