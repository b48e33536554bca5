"""The one door by which calls go out, with what was read of them and what was judged: to a folder, or to a store."""

from typing import Protocol

from ausweis.calls.call import Call
from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict

__all__ = ["Sink"]


class Sink(Protocol):
    """Keeps the calls of one run. What a run is begun with, and which calls failed, stands in its folder alone."""

    def add(self, call: Call, facts: Facts, verdict: Verdict) -> None:
        """A call that was judged."""
        ...

    def add_settled(self, call: Call) -> None:
        """A call of the input that the run had settled before it was resumed."""
        ...

    def flush(self) -> None:
        """No more come: put on the disk what is not there yet."""
        ...
