"""Verdicts of one run written to the database, a batch at a time; what is there already, as it is, is left alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from ausweis.batch.manifest import RunManifest
from ausweis.store import deciding, sealing
from ausweis.store.key import Key
from ausweis.store.packing import pack
from ausweis.store.rows import RunRow
from ausweis.store.tables import audio as audio_table
from ausweis.store.tables import calls, runs, texts, verdicts
from ausweis.store.texts import moment_of, names_moment, reopened

__all__ = ["Counts", "ReadVerdict", "VerdictWriter"]


class ReadVerdict(NamedTuple):
    """A verdict of a run as it was read, what of it is in `calls`, its facts' line, how many turns the call has."""

    verdict: dict[str, Any]
    values: dict[str, Any]
    facts: str | None
    turns: int
    digest: str


@dataclass
class Counts:
    """Calls of one import."""

    new: int = 0
    same: int = 0
    replaced: int = 0
    displaced: int = 0


@dataclass
class VerdictWriter:
    """Writes the verdicts of a run; `audio`: files by call id. `counts` of all that was written."""

    key: Key
    run: RunRow
    manifest: RunManifest
    audio: Mapping[str, tuple[Path, ...]]
    counts: Counts = field(default_factory=Counts)

    def write(self, connection: Connection, read: Sequence[ReadVerdict]) -> bool:
        """One batch, each call of it once, sealed; whether anything was new, or other than it was.

        Raises:
            StoreError: a call that is there is not as it was sealed.
        """
        there = self._there(connection, [one.verdict["call_id"] for one in read])
        before = self._before(connection, [row.key for row in there.values()])
        new, old = [], []
        for one in read:
            row = there.get(one.verdict["call_id"])
            if row is None:
                new.append(one)
            elif row.key in before and before[row.key].digest == one.digest:
                self.counts.same += 1
            else:
                self.counts.replaced += row.key in before
                self.counts.new += row.key not in before
                old.append(one)
        self.counts.new += len(new)
        sealing.check(connection, self.key, "call", [there[one.verdict["call_id"]].key for one in old])
        if new:
            connection.execute(insert(calls), [self._new_call(one) for one in new])
            there |= self._there(connection, [one.verdict["call_id"] for one in new])
        if new or old:
            self._verdicts(connection, [*new, *old], there, before)
            counting = [there[one.verdict["call_id"]].key for one in new]
            self._point(connection, counting + self._replace(connection, old, there))
        written = {one.verdict["call_id"] for one in (*new, *old)}
        rows = {one.verdict["call_id"]: (one, there[one.verdict["call_id"]]) for one in read}
        heard = {name: row.key for name, (one, row) in rows.items() if self._is_heard(one, row, new=name in written)}
        touched = {there[name].key for name in written}
        touched |= self._audio(connection, heard, written=touched)
        return sealing.seal(connection, self.key, "call", touched) or bool(written)

    def _there(self, connection: Connection, ids: list[str]) -> dict[str, Any]:
        wanted = select(
            calls.c.key,
            calls.c.call_id,
            calls.c.at,
            calls.c.started_at,
            calls.c.says,
            calls.c.turns,
            calls.c.state,
            runs.c.started,
            runs.c.key.label("run"),
        ).select_from(calls.outerjoin(runs, calls.c.run_key == runs.c.key))
        return {row.call_id: row for row in connection.execute(wanted.where(calls.c.call_id.in_(ids)))}

    def _before(self, connection: Connection, keys: list[int]) -> dict[int, Any]:
        """The verdicts of this run that are there, key and digest, by their calls."""
        wanted = select(verdicts.c.call_key, verdicts.c.key, verdicts.c.digest)
        wanted = wanted.where(verdicts.c.run_key == self.run.key, verdicts.c.call_key.in_(keys))
        return {row.call_key: row for row in connection.execute(wanted)}

    def _new_call(self, one: ReadVerdict) -> dict[str, Any]:
        return {
            "call_id": one.verdict["call_id"],
            "language": self.manifest.inputs.language,
            "turns": one.turns,
            "state": "open",
            "run_key": self.run.key,
            **one.values,
            **moment_of(None, self.run.started)._asdict(),
        }

    def _verdicts(
        self, connection: Connection, read: Sequence[ReadVerdict], there: Mapping[str, Any], before: Mapping[int, Any]
    ) -> None:
        rows = []
        for one in read:
            values = {"digest": one.digest, "says": one.values["says"]}
            values |= {"body": pack(one.verdict, self.run), "facts": one.facts}
            rows.append({"run_key": self.run.key, "call_key": there[one.verdict["call_id"]].key, **values})
        replaced = [before[row["call_key"]].key for row in rows if row["call_key"] in before]
        if replaced:
            connection.execute(verdicts.delete().where(verdicts.c.key.in_(replaced)))
        connection.execute(insert(verdicts), rows)
        written = self._before(connection, [row["call_key"] for row in rows]).values()
        sealing.seal(connection, self.key, "verdict", [*replaced, *(row.key for row in written)])

    def _replace(self, connection: Connection, read: Sequence[ReadVerdict], there: Mapping[str, Any]) -> list[int]:
        """Let these verdicts count in calls that are there, unless a later run has judged them: the keys of those."""
        rows: list[dict[str, Any]] = []
        for one in read:
            row = there[one.verdict["call_id"]]
            is_other = self._is_other(one, row)
            if self._counts(row):
                values = self._displacing(one) if is_other else self._of_same(connection, one, row)
                rows.append({"b_key": row.key, "run_key": self.run.key, **one.values, **values})
            elif not is_other and (day := self._day(row)):
                rows.append({"b_key": row.key, **day})
        stale = [row["b_key"] for row in rows if "turns" in row]
        self.counts.displaced += len(stale)
        for table in (texts, audio_table):
            connection.execute(table.delete().where(table.c.call_key.in_(stale)))
        sealing.seal(connection, self.key, "text", stale)
        for names in {tuple(row) for row in rows}:
            some = [row for row in rows if tuple(row) == names]
            statement = update(calls).where(calls.c.key == bindparam("b_key"))
            connection.execute(statement.values({name: bindparam(name) for name in names if name != "b_key"}), some)
        return [row["b_key"] for row in rows if "run_key" in row]

    def _counts(self, row: Any) -> bool:
        """Whether no later run has judged the call."""
        return row.started is None or (row.started, row.run) <= (self.run.started, self.run.key)

    def _is_heard(self, one: ReadVerdict, row: Any, *, new: bool) -> bool:
        """Whether the run's recordings are of the call that has the id now, `new` where its verdict came just now."""
        if ":" in (row.says or ""):
            # The id was another call's before, perhaps this run's.
            return new and self._counts(row)
        return self._counts(row) or not self._is_other(one, row)

    def _is_other(self, one: ReadVerdict, row: Any) -> bool:
        """Whether the verdict is of another call than its text, or than the verdict before it."""
        return bool(one.turns) and row.turns not in (0, one.turns)

    def _displacing(self, one: ReadVerdict) -> dict[str, Any]:
        """Of another call under the id nothing stays but its number: its text must come again."""
        unknown = dict.fromkeys(("started_at", "team", "queue", "agent", "direction", "seconds", "sample_key"))
        says = reopened(one.values["says"], f"{self.run.key} {one.digest}")
        return {
            **unknown,
            "says": says,
            "state": "open",
            "turns": one.turns,
            **moment_of(None, self.run.started)._asdict(),
        }

    def _of_same(self, connection: Connection, one: ReadVerdict, row: Any) -> dict[str, Any]:
        _, sign, since = (row.says or "").partition(":")
        says = one.values["says"] + sign + since
        state = row.state if row.says in (None, says) else self._state(connection, row.key, {"says": says})
        return {"says": says, "state": state, **self._day(row)}

    def _day(self, row: Any) -> dict[str, Any]:
        """The day of a call that does not say its own is that of the first run which judged it."""
        moment = moment_of(None, self.run.started)
        is_first = row.started is None or moment.at < row.at
        return moment._asdict() if is_first and not names_moment(row.started_at) else {}

    def _point(self, connection: Connection, keys: Sequence[int]) -> None:
        """Point calls at their verdicts of this run."""
        current = select(verdicts.c.key).where(verdicts.c.call_key == calls.c.key, verdicts.c.run_key == self.run.key)
        pointed = update(calls).where(calls.c.key.in_(keys))
        connection.execute(pointed.values(verdict_key=current.scalar_subquery()))

    def _state(self, connection: Connection, key: int, values: Mapping[str, Any]) -> str:
        return deciding.state_of(deciding.decisions_of(connection, key, says=values["says"]))

    def _audio(self, connection: Connection, keys: Mapping[str, int], *, written: Collection[int]) -> set[int]:
        """Add recordings; to which calls. Those not in `written` are held against their seals before."""
        wanted = {(keys[name], str(path.absolute())) for name in keys for path in self.audio.get(name, ())}
        if not wanted:
            return set()
        there = select(audio_table.c.call_key, audio_table.c.path)
        there = there.where(audio_table.c.call_key.in_([key for key, _ in wanted]))
        wanted -= {(row.call_key, row.path) for row in connection.execute(there)}
        heard = {key for key, _ in wanted}
        sealing.check(connection, self.key, "call", heard.difference(written))
        if wanted:
            rows = [{"call_key": key, "path": path} for key, path in sorted(wanted)]
            connection.execute(insert(audio_table), rows)
        return heard
