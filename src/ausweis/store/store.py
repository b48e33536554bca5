"""The store: runs, calls, facts, verdicts and decisions in one database, for people who review calls."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from ausweis.calls.call import Call
from ausweis.evals.labelled import LabelledCall
from ausweis.reading.facts import Facts
from ausweis.store.key import Key
from ausweis.store.rows import (
    Agreement,
    CallFilter,
    CallRecord,
    CallRow,
    ChainEntry,
    Choice,
    Column,
    Cursor,
    DayCount,
    Decision,
    Deleted,
    Estimate,
    Imported,
    Order,
    What,
)
from ausweis.vocabulary import Outcome, ViolationType

__all__ = ["Mask", "Store"]

Mask = Callable[[Call, Facts | None], Sequence[str]]
"""Gives the text of every turn of a call, without personal data."""
EVERY = CallFilter()


class Store:
    """Open one with `Store.open`; a context manager. May be used by several threads, and by several processes."""

    @classmethod
    def open(cls, address: str | Path, *, key: Key | None = None) -> "Store":
        """Open a store, make it where there is none, and migrate it.

        `address`: the path of a SQLite file, or `postgresql+psycopg://…`. `key` is that of `Key.of(address)` by default.

        Raises:
            StoreError: it cannot be opened, was made by a newer version, or with another key.
        """
        raise NotImplementedError

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        raise NotImplementedError

    def import_run(
        self,
        folder: Path,
        calls: Iterable[Call] = (),
        audio: Mapping[str, tuple[Path, ...]] | None = None,
        *,
        by: str = "ausweis",
    ) -> Imported:
        """Take up a run folder; what is there already stays, what has changed is replaced.

        The text of calls comes from `calls`, else from `transcripts.jsonl` in the folder, else from the run's inputs,
        where they can still be read. `audio`: files by call id, besides those that the folder holds.

        Raises:
            RunError: there is no run, or a line of it cannot be read; whole thousands before it are taken up.
            StoreError: the store cannot be written.
        """
        raise NotImplementedError

    def add_calls(self, calls: Iterable[Call]) -> int:
        """Keep the text of calls, before or after their verdicts; how many. Agents become pseudonyms."""
        raise NotImplementedError

    def calls(
        self, filter: CallFilter = EVERY, *, order: Order = "risk", limit: int | None = None, after: Cursor | None = None
    ) -> list[CallRow]:
        """The calls that have a verdict and fit, at most `limit`, those behind the cursor (`row.cursor(order)`)."""
        raise NotImplementedError

    def count(self, filter: CallFilter = EVERY) -> int:
        """How many calls fit."""
        raise NotImplementedError

    def keys(self, filter: CallFilter = EVERY, *, order: Order = "risk") -> list[int]:
        """The keys of all calls that fit, in order."""
        raise NotImplementedError

    def neighbours(
        self, key: int, filter: CallFilter = EVERY, *, order: Order = "risk"
    ) -> tuple[int | None, int | None]:
        """The calls before and after this one, among those that fit; it need not fit itself."""
        raise NotImplementedError

    def record(self, key: int) -> CallRecord:
        """All that is known of a call.

        Raises:
            StoreError: there is no such call, or it has no verdict.
        """
        raise NotImplementedError

    def find(self, call_id: str) -> int | None:
        """The key of a call that has a verdict, by its id."""
        raise NotImplementedError

    def queues(self) -> list[str]:
        """All queues that calls are of, by name."""
        raise NotImplementedError

    def teams(self) -> list[str]:
        """All teams that are large enough to be told apart (`TEAM_MINIMUM`), by name."""
        raise NotImplementedError

    def days(self) -> tuple[date, date] | None:
        """The first and the last day of calls; None in an empty store."""
        raise NotImplementedError

    def day_counts(
        self,
        first: date,
        last: date,
        *,
        filter: CallFilter = EVERY,
        by: tuple[Column, ...] = ("day", "queue", "team"),
    ) -> list[DayCount]:
        """Calls counted for each combination of `by` that there is, in order.

        A team with fewer than `TEAM_MINIMUM` calls or `TEAM_AGENTS` known agents in one of them is not told apart
        there: its calls count with `team` None.
        """
        raise NotImplementedError

    def decide(
        self,
        key: int,
        *,
        reviewer: str,
        choice: Choice,
        outcome: Outcome | None = None,
        violations: Sequence[tuple[ViolationType, int]] = (),
        note: str = "",
        verdict_key: int,
    ) -> Decision:
        """Add what a reviewer decided about the verdict that they saw; nothing is ever changed or lost.

        `outcome` and `violations` (type, turn) are the right label, wanted where the verdict is overruled.

        Raises:
            StoreError: the verdict is not the current one any more; the label is none; or there is no such call.
        """
        raise NotImplementedError

    def agreement(self, filter: CallFilter = EVERY) -> Agreement:
        """How far reviewers agree on the outcome, over all pairs of reviewers of one verdict."""
        raise NotImplementedError

    def draw_sample(self, first: date, last: date, n: int, *, seed: int | None = None, by: str = "ausweis") -> list[int]:
        """Draw calls of these days by chance, among those neither flagged nor drawn before: their keys.

        They are shown as `sampled` from then on. Fewer than `n` where there are fewer.
        """
        raise NotImplementedError

    def field_recall(self, first: date | None = None, last: date | None = None) -> Estimate:
        """Which share of the violations of these days was flagged; by default, of all days from which samples were drawn."""
        raise NotImplementedError

    def delete(self, call_id: str, *, roots: Sequence[Path] = (), by: str = "ausweis") -> Deleted:
        """Remove one call everywhere, then search for it.

        Raises:
            StoreError: there is no such call, or something of it is left; all that could be removed is.
        """
        raise NotImplementedError

    def expire(self, days: int, *, today: date, roots: Sequence[Path] = (), by: str = "ausweis") -> Deleted:
        """Remove all calls of more than so many days ago, likewise."""
        raise NotImplementedError

    def register_report(self, path: Path, call_keys: Iterable[int]) -> None:
        """Remember that a file was written about these calls, so that deleting one of them finds it."""
        raise NotImplementedError

    def register_answers(self, folder: Path) -> None:
        """Remember a folder of recorded answers, which may quote calls."""
        raise NotImplementedError

    def log(self, what: What, *, who: str, key: int | None = None) -> None:
        """Add an entry to the chain, such as that somebody looked at a call unmasked."""
        raise NotImplementedError

    def chain(self, *, limit: int | None = None) -> list[ChainEntry]:
        """The entries of the chain, the latest first."""
        raise NotImplementedError

    def verify_chain(self, head: str | None = None) -> int:
        """Check every entry, and that decisions are what was decided; the number of entries.

        `head`: the hash of an entry noted down before; it must still be there.

        Raises:
            StoreError: something was changed or is missing; it names the first such entry.
        """
        raise NotImplementedError

    def export_cases(self, filter: CallFilter = EVERY, *, mask: Mask, by: str = "ausweis") -> Iterator[LabelledCall]:
        """The decided calls whose text is known, as golden cases without personal data."""
        raise NotImplementedError
