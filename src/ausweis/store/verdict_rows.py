"""Verdicts of one run written to the database, a batch at a time; what is there already, as it is, is left alone."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from ausweis.batch.state import facts_line, verdict_line
from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict
from ausweis.store import audit_log
from ausweis.store.decisions import NOTHING_DECIDED, decisions_of, right_values
from ausweis.store.index import drop
from ausweis.store.key import Key
from ausweis.store.packing import pack, verdict_values
from ausweis.store.rows import Imported, RunRow
from ausweis.store.schema import audio as audio_table
from ausweis.store.schema import calls, runs, texts, verdicts
from ausweis.store.texts import moment_of, names_moment, reopened

__all__ = ["ScoredCall", "VerdictRows"]

_Said = Mapping[str, Any]
"""The columns of `calls` that are the verdict's."""


@dataclass(frozen=True, slots=True)
class ScoredCall:
    """One call. `facts` is its line, None where there is none; `turns`: how many the call has, 0 where nobody knows.

    `digest` tells verdict and facts from any other.
    """

    verdict: Verdict
    facts: str | None
    turns: int
    digest: str

    @classmethod
    def of(cls, facts: Facts, verdict: Verdict) -> "ScoredCall":
        """What the lines of both would be."""
        return cls.read(verdict, verdict_line(verdict).encode(), facts_line(facts).encode(), facts.turns)

    @classmethod
    def read(cls, verdict: Verdict, line: bytes, facts: bytes, turns: int) -> "ScoredCall":
        """Both as their lines stand in the run folder; of `facts`, nothing where there are none."""
        digest = hashlib.sha256(line + b"\n" + facts).hexdigest()[:32]
        return cls(verdict, facts.decode("utf-8") or None, turns, digest)

    @property
    def call_id(self) -> str:
        """The id of the call."""
        return self.verdict.call_id


class VerdictRows:
    """Writes the verdicts of a run, and counts in `done`. `language`: of calls whose text is not known."""

    def __init__(self, key: Key, done: Imported, language: str) -> None:
        self._key = key
        self._run: RunRow = done.run
        self._done = done
        self._language = language

    def write(self, connection: Connection, batch: Sequence[ScoredCall]) -> set[str]:
        """One batch, each call of it once; the ids of those that are new, or other than they were.

        Raises:
            StoreError: a call that is there does not fit its digest.
        """
        there = self._there(connection, [scored.call_id for scored in batch])
        before = self._before(connection, [row.key for row in there.values()])
        new = [scored for scored in batch if scored.call_id not in there]
        old = []
        for scored in batch:
            if scored.call_id in there:
                earlier = before.get(there[scored.call_id].key)
                if earlier is not None and earlier.digest == scored.digest:
                    self._done.same += 1
                    continue
                self._done.replaced += earlier is not None
                self._done.new += earlier is None
                old.append(scored)
        if not new and not old:
            return set()
        self._done.new += len(new)
        audit_log.check_rows(connection, self._key, "call", [there[scored.call_id].key for scored in old])
        said: dict[str, _Said] = {
            scored.call_id: verdict_values(scored.verdict, self._run, scored.facts) for scored in (*new, *old)
        }
        if new:
            connection.execute(insert(calls), [self._new_call(scored, said[scored.call_id]) for scored in new])
            there |= self._there(connection, [scored.call_id for scored in new])
        self._insert(connection, [*new, *old], said, there, before)
        counting = [there[scored.call_id].key for scored in new]
        self._point(connection, counting + self._replace(connection, old, said, there))
        written = set(said)
        audit_log.digest_rows(connection, self._key, "call", {there[call_id].key for call_id in written})
        return written

    def hear(
        self,
        connection: Connection,
        batch: Sequence[ScoredCall],
        written: Collection[str],
        audio: Mapping[str, Sequence[str]],
    ) -> bool:
        """Add the recordings of calls, paths by id, after verdicts and texts; whether there were any new ones.

        `written`: calls whose verdict came just now.

        Raises:
            StoreError: a call that is there does not fit its digest.
        """
        batch = [scored for scored in batch if audio.get(scored.call_id)]
        if not batch:
            return False
        there = self._there(connection, [scored.call_id for scored in batch])
        wanted = {
            (there[scored.call_id].key, path)
            for scored in batch
            if self._is_heard(scored, there[scored.call_id], new=scored.call_id in written)
            for path in audio[scored.call_id]
        }
        known = select(audio_table.c.call_key, audio_table.c.path)
        known = known.where(audio_table.c.call_key.in_([key for key, _ in wanted]))
        wanted -= {(row.call_key, row.path) for row in connection.execute(known)}
        if not wanted:
            return False
        heard = {key for key, _ in wanted}
        audit_log.check_rows(connection, self._key, "call", heard)
        connection.execute(insert(audio_table), [{"call_key": key, "path": path} for key, path in sorted(wanted)])
        return audit_log.digest_rows(connection, self._key, "call", heard)

    def _there(self, connection: Connection, ids: list[str]) -> dict[str, Any]:
        names = ("key", "call_id", "at", "started_at", "says", "turns", *NOTHING_DECIDED)
        joined = calls.outerjoin(runs, calls.c.run_key == runs.c.key)
        wanted = select(*(calls.c[name] for name in names), runs.c.started, runs.c.key.label("run"))
        wanted = wanted.select_from(joined).where(calls.c.call_id.in_(ids))
        return {row.call_id: row for row in connection.execute(wanted)}

    def _before(self, connection: Connection, keys: list[int]) -> dict[int, Any]:
        """The verdicts of this run that are there, key and digest, by their calls."""
        wanted = select(verdicts.c.call_key, verdicts.c.key, verdicts.c.digest)
        wanted = wanted.where(verdicts.c.run_key == self._run.key, verdicts.c.call_key.in_(keys))
        return {row.call_key: row for row in connection.execute(wanted)}

    def _new_call(self, scored: ScoredCall, said: _Said) -> dict[str, Any]:
        return {
            "call_id": scored.call_id,
            "language": self._language,
            "turns": scored.turns,
            "state": "open",
            "run_key": self._run.key,
            **said,
            **moment_of(None, self._run.started)._asdict(),
        }

    def _insert(
        self,
        connection: Connection,
        batch: Sequence[ScoredCall],
        said: Mapping[str, _Said],
        there: Mapping[str, Any],
        before: Mapping[int, Any],
    ) -> None:
        rows = [
            {
                "run_key": self._run.key,
                "call_key": there[scored.call_id].key,
                "digest": scored.digest,
                "says": said[scored.call_id]["says"],
                "body": pack(scored.verdict, self._run),
                "facts": scored.facts,
            }
            for scored in batch
        ]
        replaced = [before[row["call_key"]].key for row in rows if row["call_key"] in before]
        if replaced:
            connection.execute(verdicts.delete().where(verdicts.c.key.in_(replaced)))
        connection.execute(insert(verdicts), rows)
        written = self._before(connection, [row["call_key"] for row in rows]).values()
        audit_log.digest_rows(connection, self._key, "verdict", [*replaced, *(row.key for row in written)])

    def _replace(
        self,
        connection: Connection,
        batch: Sequence[ScoredCall],
        said: Mapping[str, _Said],
        there: Mapping[str, Any],
    ) -> list[int]:
        """Let these verdicts count in calls that are there, unless a later run has judged them: the keys of those."""
        rows: list[dict[str, Any]] = []
        for scored in batch:
            row = there[scored.call_id]
            is_other = self._is_other(scored, row)
            if self._counts(row):
                says = said[scored.call_id]["says"]
                values = self._displacing(scored, says) if is_other else self._of_same(connection, says, row)
                rows.append({"b_key": row.key, "run_key": self._run.key, **said[scored.call_id], **values})
            elif not is_other and (day := self._day(row)):
                rows.append({"b_key": row.key, **day})
        stale = [row["b_key"] for row in rows if "turns" in row]
        self._done.displaced += len(stale)
        # What is masked depends on facts and verdict.
        drop(connection, [row["b_key"] for row in rows if "run_key" in row])
        for table in (texts, audio_table):
            connection.execute(table.delete().where(table.c.call_key.in_(stale)))
        audit_log.digest_rows(connection, self._key, "text", stale)
        for names in {tuple(row) for row in rows}:
            alike = [row for row in rows if tuple(row) == names]
            statement = update(calls).where(calls.c.key == bindparam("b_key"))
            connection.execute(statement.values({name: bindparam(name) for name in names if name != "b_key"}), alike)
        return [row["b_key"] for row in rows if "run_key" in row]

    def _counts(self, row: Any) -> bool:
        """Whether no later run has judged the call."""
        return row.started is None or (row.started, row.run) <= (self._run.started, self._run.key)

    def _is_heard(self, scored: ScoredCall, row: Any, *, new: bool) -> bool:
        """Whether the run's recordings are of the call that has the id now, `new` where its verdict came just now."""
        if ":" in (row.says or ""):
            # The id was another call's before, perhaps this run's.
            return new and self._counts(row)
        return self._counts(row) or not self._is_other(scored, row)

    def _is_other(self, scored: ScoredCall, row: Any) -> bool:
        """Whether the verdict is of another call than its text, or than the verdict before it."""
        return bool(scored.turns) and row.turns not in (0, scored.turns)

    def _displacing(self, scored: ScoredCall, says: str) -> dict[str, Any]:
        """The id now belongs to a different call. Keep the row's key; its text must be written again."""
        unknown = dict.fromkeys(("started_at", "team", "queue", "agent", "direction", "seconds", "sample_key"))
        return {
            **unknown,
            "says": reopened(says, f"{self._run.key} {scored.digest}"),
            **NOTHING_DECIDED,
            "turns": scored.turns,
            **moment_of(None, self._run.started)._asdict(),
        }

    def _of_same(self, connection: Connection, says: str, row: Any) -> dict[str, Any]:
        _, sign, since = (row.says or "").partition(":")
        says += sign + since
        if row.says in (None, says):
            right = {name: getattr(row, name) for name in NOTHING_DECIDED}
        else:
            right = right_values(decisions_of(connection, row.key, says=says))
        return {"says": says, **right, **self._day(row)}

    def _day(self, row: Any) -> dict[str, Any]:
        """The day of a call that does not say its own is that of the first run which judged it."""
        moment = moment_of(None, self._run.started)
        is_first = row.started is None or moment.at < row.at
        return moment._asdict() if is_first and not names_moment(row.started_at) else {}

    def _point(self, connection: Connection, keys: Sequence[int]) -> None:
        """Point calls at their verdicts of this run."""
        current = select(verdicts.c.key).where(verdicts.c.call_key == calls.c.key, verdicts.c.run_key == self._run.key)
        pointed = update(calls).where(calls.c.key.in_(keys))
        connection.execute(pointed.values(verdict_key=current.scalar_subquery()))
