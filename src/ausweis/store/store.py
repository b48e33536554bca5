"""The store: runs, calls, facts, verdicts and decisions in one database, for people who review calls."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select

from ausweis.batch.manifest import now
from ausweis.calls.call import Call
from ausweis.errors import NoCallError, StoreError
from ausweis.evals.labelled import LabelledCall
from ausweis.store import chain, counting, deciding, deleting, querying, records, sampling, sealing
from ausweis.store.batching import batches
from ausweis.store.database import Database
from ausweis.store.exporting import Mask, case_of
from ausweis.store.key import Key, canonical
from ausweis.store.migrations import SEALED, migrate
from ausweis.store.rows import (
    Added,
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
    Finding,
    Imported,
    Order,
    What,
)
from ausweis.store.sink import Audio, StoreSink
from ausweis.store.tables import calls as calls_table
from ausweis.store.tables import place_calls, places, settings
from ausweis.store.texts import add_texts
from ausweis.vocabulary import Outcome, ViolationType

__all__ = ["Store"]

EVERY = CallFilter()


class Store:
    """Open one with `Store.open`; a context manager. May be used by several threads, and by several processes."""

    def __init__(self, database: Database, key: Key) -> None:
        self._database = database
        self._key = key

    @classmethod
    def open(cls, address: str | Path, *, key: Key | None = None) -> "Store":
        """Open a store, make it where there is none, and migrate it.

        `address`: the path of a SQLite file, or `postgresql+psycopg://…`. By default, `key` is `Key.of(address)`.

        Raises:
            StoreError: it cannot be opened, was made by a newer version, or with another key.
        """
        key = key or Key.of(address)
        database = Database.open(address)
        try:
            with database.writing() as connection:
                before = migrate(connection)
                _same_key(connection, key)
                if 0 < before < SEALED:
                    sealing.cover(connection, key)
                    chain.append(connection, key, "covered", "ausweis")
        except StoreError as error:
            database.close()
            raise error if error.place else StoreError(error.message, place=database.place) from None
        except BaseException:
            database.close()
            raise
        return cls(database, key)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def sink(self, folder: Path, audio: Audio | None = None, *, by: str = "ausweis") -> StoreSink:
        """The door for the calls of the run in a folder. `audio`: files by call id, besides those that the folder has.

        Raises:
            RunError: there is no run.
            StoreError: the store cannot be written.
        """
        return StoreSink(self._database, self._key, folder, audio, by=by)

    def import_run(
        self,
        folder: Path,
        calls: Iterable[Call] = (),
        audio: Audio | None = None,
        *,
        by: str = "ausweis",
    ) -> Imported:
        """Take up a run folder; what is there already stays, what has changed is replaced.

        The text of calls comes from `calls`, else from `transcripts.jsonl` in the folder, else from the run's inputs,
        where they can still be read. `audio`: as of `sink`.

        Raises:
            RunError: there is no run, or a line of it cannot be read; whole thousands before it are taken up.
            StoreError: the store cannot be written.
        """
        sink = self.sink(folder, audio, by=by)
        sink.take_up()
        sink.add_texts(calls)
        sink.find_texts()
        return sink.done

    def add_calls(self, calls: Iterable[Call], *, today: str | None = None, by: str = "ausweis") -> Added:
        """Keep the text of calls, before or after their verdicts. Agents become pseudonyms.

        One that does not fit the verdict that is there (`Added.misfits`) is left out: give it again after its own.
        `today`: when the run of these texts began, or by default now; of a later run, the text that is there stays.
        """
        displaced = misfits = 0
        for batch in batches(calls):
            with self._database.writing() as connection:
                added = add_texts(connection, self._key, batch, today or now())
                if added.changed:
                    chain.append(connection, self._key, "imported", by, content=f"{len(batch)} texts")
            displaced += added.displaced
            misfits += added.misfits
        return Added(displaced, misfits)

    def calls(
        self,
        filter: CallFilter = EVERY,  # noqa: A002
        *,
        order: Order = "weight",
        limit: int | None = None,
        after: Cursor | None = None,
    ) -> list[CallRow]:
        """The calls that have a verdict and fit, at most `limit`, those behind the cursor (`row.cursor(order)`)."""
        with self._database.reading() as connection:
            return querying.rows(connection, filter, order, limit, after)

    def count(self, filter: CallFilter = EVERY) -> int:  # noqa: A002
        """How many calls fit; of a team that is not told apart (see `day_counts`) none."""
        with self._database.reading() as connection:
            told = counting.large_enough(connection, filter)
            return 0 if told is None else querying.count(connection, told)

    def keys(self, filter: CallFilter = EVERY, *, order: Order = "weight") -> list[int]:  # noqa: A002
        """The keys of all calls that fit, in order."""
        with self._database.reading() as connection:
            return querying.keys(connection, filter, order)

    def neighbours(
        self,
        key: int,
        filter: CallFilter = EVERY,  # noqa: A002
        *,
        order: Order = "weight",
    ) -> tuple[int | None, int | None]:
        """The calls before and after this one, among those that fit; it need not fit itself."""
        with self._database.reading() as connection:
            return querying.neighbours(connection, key, filter, order)

    def record(self, key: int) -> CallRecord:
        """All that is known of a call.

        Raises:
            NoCallError: there is no such call, or it has no verdict.
        """
        with self._database.reading() as connection:
            return records.record(connection, key)

    def incident_turns(self, keys: Iterable[int]) -> dict[int, list[tuple[str, int]]]:
        """The incidents of these calls, each with its turn."""
        with self._database.reading() as connection:
            return querying.incident_turns(connection, keys)

    def find(self, call_id: str) -> int | None:
        """The key of a call that has a verdict, by its id."""
        with self._database.reading() as connection:
            return querying.find(connection, call_id)

    def queues(self) -> list[str]:
        """All queues that calls are of, by name."""
        with self._database.reading() as connection:
            return counting.queues(connection)

    def teams(self) -> list[str]:
        """All teams that are told apart (see `day_counts`) in all days together, by name."""
        with self._database.reading() as connection:
            return counting.teams(connection)

    def days(self) -> tuple[date, date] | None:
        """The first and the last day of calls; None in an empty store."""
        with self._database.reading() as connection:
            return counting.days(connection)

    def day_counts(
        self,
        first: date,
        last: date,
        *,
        filter: CallFilter = EVERY,  # noqa: A002
        by: tuple[Column, ...] = ("day", "queue", "team"),
    ) -> list[DayCount]:
        """Calls counted for each combination of `by` that there is, in order.

        A team with fewer than `TEAM_MINIMUM` calls or `TEAM_AGENTS` known agents in one of them is not told apart
        there: its calls count with `team` None. Where those of all such teams, and of no team, are too few together,
        the smallest other team is not told apart either; without any, they do not count at all. Where the filter names
        teams, calls of one that is not told apart do not count in that combination, whatever `by` is.
        """
        with self._database.reading() as connection:
            return counting.day_counts(connection, first, last, filter, by)

    def decide(
        self,
        key: int,
        *,
        reviewer: str,
        choice: Choice,
        outcome: Outcome | None = None,
        violations: Sequence[tuple[ViolationType, int]] = (),
        incidents: Sequence[tuple[str, int]] | None = None,
        note: str = "",
        verdict_key: int,
        says: str | None = None,
    ) -> Decision:
        """Add what a reviewer decided about the verdict that they saw; nothing is ever changed or lost.

        `outcome`, `violations` (type, turn) and `incidents` (kind, turn) are the right label, wanted where the verdict
        is overruled; without `incidents`, those of the verdict stand. `says`: that of the record that they saw; without
        it, another text under the same verdict goes unnoticed.

        Raises:
            StoreError: the verdict, or the text, says something else by now; the label is none, or what an overruled
                verdict says itself; or there is no such call.
        """
        with self._database.writing() as connection:
            return deciding.decide(
                connection,
                self._key,
                key,
                reviewer=reviewer,
                choice=choice,
                outcome=outcome,
                violations=violations,
                incidents=incidents,
                note=note,
                verdict_key=verdict_key,
                says=says,
            )

    def decided_by(self, reviewer: str, keys: Iterable[int]) -> set[int]:
        """Of these calls, those about whose verdict of today a reviewer has decided."""
        with self._database.reading() as connection:
            return deciding.decided_by(connection, reviewer, keys)

    def agreement(self, filter: CallFilter = EVERY) -> Agreement:  # noqa: A002
        """How far reviewers agree on the outcome, over all pairs of reviewers of one verdict."""
        with self._database.reading() as connection:
            return deciding.agreement(connection, filter)

    def draw_sample(
        self, first: date, last: date, n: int, *, seed: int | None = None, by: str = "ausweis"
    ) -> list[int]:
        """Draw calls of these days by chance, of those neither to review nor drawn since they were judged: their keys.

        They are shown as `sampled` from then on. Fewer than `n` where there are fewer.
        """
        with self._database.writing() as connection:
            drawn = sampling.draw(connection, self._key, first, last, n, seed)
            if drawn:
                content = canonical([str(first), str(last), drawn])
                chain.append(connection, self._key, "sampled", by, content=content)
            return drawn

    def field_recall(
        self, first: date | None = None, last: date | None = None, *, of: Finding = "violations"
    ) -> Estimate:
        """Which share of the violations of these days was to review; by default, of all days that samples came from.

        Or of the calls with a critical incident.

        How it is told from the sample: `sampling.field_recall`.
        """
        with self._database.reading() as connection:
            return sampling.field_recall(connection, first, last, of)

    def delete(
        self, call_id: str, *, roots: Sequence[Path] = (), gone: Sequence[Path] = (), by: str = "ausweis"
    ) -> Deleted:
        """Remove one call everywhere, then search for it; also one that only the runs or `roots` have.

        Where runs, pages or cases of it are `missing`, deleting it again asks for them again, but for those in or below
        `gone`.

        Raises:
            RunError: a run that holds the call is being written; then the call is still in the store.
            StoreError: there is no such call, or a folder of recorded answers is not there; then nothing is removed. Or
                something of it is left; all that could be removed is, and deleting it again searches again.
        """
        with self._database.reading() as connection:
            wanted = select(calls_table.c.key).where(calls_table.c.call_id == call_id)
            key = connection.execute(wanted).scalar()
        ids = {deleting.UNKNOWN if key is None else key: call_id}
        return deleting.delete_calls(self._database, self._key, ids, roots=roots, gone=gone, by=by, whole=False)

    def expire(
        self, days: int, *, today: date, roots: Sequence[Path] = (), gone: Sequence[Path] = (), by: str = "ausweis"
    ) -> Deleted:
        """Remove all calls of more than so many days ago, likewise; and search for what was left of earlier ones."""
        with self._database.reading() as connection:
            ids = deleting.calls_before(connection, date.fromordinal(max(1, today.toordinal() - days)))
        return deleting.delete_calls(self._database, self._key, ids, roots=roots, gone=gone, by=by, whole=True)

    def register_report(self, path: Path, call_keys: Iterable[int], *, besides: bool = False) -> None:
        """Remember that a file was written about these calls, so that deleting one of them finds it.

        With `besides`, also about those that it was about before: as long as it is not written anew.
        """
        self._register(path, "report", call_keys, besides=besides)

    def register_answers(self, folder: Path) -> None:
        """Remember a folder of recorded answers, which may quote calls."""
        self._register(folder, "answers", ())

    def register_cases(self, path: Path) -> None:
        """Remember a file that exported cases were written to, so that deletion takes theirs out of it."""
        self._register(path, "cases", ())

    def log(self, what: What, *, who: str, key: int | None = None) -> None:
        """Add an entry to the chain, such as that somebody looked at a call unmasked."""
        with self._database.writing() as connection:
            of = None if key is None else records.run_of(connection, key)
            if key is not None and of is None:
                raise NoCallError("there is no such call in the store")
            call_id, run = of or (None, None)
            chain.append(connection, self._key, what, who, call_id=call_id, run=run)

    def chain(self, *, limit: int | None = None) -> list[ChainEntry]:
        """The entries of the chain, the latest first."""
        with self._database.reading() as connection:
            return chain.entries(connection, limit)

    def covered(self) -> ChainEntry | None:
        """The entry from which on all rows are sealed, in a store from before; what was there is as it stood then."""
        with self._database.reading() as connection:
            return chain.covered(connection)

    def verify_chain(self, head: str | None = None) -> int:
        """Check every entry, that decisions and all other rows are as they were written, and that states follow.

        The number of entries. `head`: the hash of an entry noted down before; it must still be there.

        Raises:
            StoreError: something was changed, added or is missing; it names the first such entry, or row and call.
        """
        with self._database.reading() as connection:
            try:
                number = chain.verify(connection, self._key, head)
                deciding.check_states(connection)
            except StoreError as error:
                raise StoreError(error.message, place=self._database.place) from None
        return number

    def export_cases(self, filter: CallFilter = EVERY, *, mask: Mask, by: str = "ausweis") -> Iterator[LabelledCall]:  # noqa: A002
        """The decided calls whose text is known, as golden cases without personal data."""
        decided = replace(filter, states=("confirmed", "overruled"))
        exported = 0
        for key in self.keys(decided):
            case = case_of(self.record(key), self._key, mask)
            if case is not None:
                exported += 1
                yield case
        with self._database.writing() as connection:
            chain.append(connection, self._key, "exported", by, content=f"{exported} cases")

    def _register(self, path: Path, kind: str, call_keys: Iterable[int], *, besides: bool = False) -> None:
        with self._database.writing() as connection:
            wanted = select(places.c.key).where(places.c.path == str(path.absolute()))
            key = connection.execute(wanted).scalar()
            if key is None:
                row = {"path": str(path.absolute()), "kind": kind}
                key = connection.execute(insert(places).returning(places.c.key), row).scalar_one()
            if not besides:
                connection.execute(place_calls.delete().where(place_calls.c.place_key == key))
            there = select(place_calls.c.call_key).where(place_calls.c.place_key == key)
            known = set(connection.execute(there).scalars())
            rows = [{"place_key": key, "call_key": one} for one in dict.fromkeys(call_keys) if one not in known]
            if rows:
                connection.execute(insert(place_calls), rows)


def _same_key(connection: Connection, key: Key) -> None:
    """Make the key of a new store; refuse another one than the store was made with."""
    wanted = select(settings.c.value).where(settings.c.name == "key")
    fingerprint = connection.execute(wanted).scalar()
    if fingerprint is None:
        key.make()
        connection.execute(insert(settings), {"name": "key", "value": key.fingerprint})
    elif fingerprint != key.fingerprint:
        raise StoreError("the store was made with another key; put that one back", place=str(key.path))
