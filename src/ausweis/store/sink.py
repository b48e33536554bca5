"""The door of the store: calls of one run, with text, facts and verdict, a batch a transaction.

What is there already, as it is, is not written again, so a run may come twice, and be gone on with wherever it stopped.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection, insert, select

from ausweis.audio.kept import KEPT_AUDIO
from ausweis.batch.manifest import RunManifest, read_manifest
from ausweis.calls.call import Call
from ausweis.errors import RunError
from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict
from ausweis.store import audit_log
from ausweis.store.database import Database
from ausweis.store.indexing import renew
from ausweis.store.key import Key
from ausweis.store.line_files import ids_of, is_half
from ausweis.store.packing import run_row, run_values
from ausweis.store.rows import Imported, RunRow
from ausweis.store.schema import batches, runs
from ausweis.store.settled import Settled, settled_in, sources_of, wanting
from ausweis.store.texts import add_texts, moment_of
from ausweis.store.verdict_rows import VerdictRows

__all__ = ["Audio", "StoreSink"]

Audio = Mapping[str, Sequence[Path]]
_AT_ONCE = 100
_SECONDS = 30.0
"""So many calls, or so long, are waited for before they are written."""


class StoreSink:
    """Takes up calls of the run in a folder. `audio`: their recordings by id, besides those in the folder.

    `done`: what was taken up. The texts of calls come with them, or by `add_texts`, or are found by `find_texts`.

    Raises:
        RunError: there is no run, or a line of it cannot be read; what came before is taken up.
        StoreError: the store cannot be written.
    """

    def __init__(self, database: Database, key: Key, folder: Path, audio: Audio | None = None, *, by: str) -> None:
        self._database = database
        self._key = key
        self._folder = folder
        self._audio = {name: [str(path.absolute()) for path in paths] for name, paths in (audio or {}).items()}
        self._by = by
        self.manifest = _manifest_of(folder)
        with database.writing() as connection:
            self.done = Imported(_run(connection, key, self.manifest, folder, by))
        self._rows = VerdictRows(key, self.done, self.manifest.inputs.language)
        self.judged: set[str] = set()
        self._waiting: list[tuple[Call, Settled | None]] = []
        self._written = time.monotonic()

    def add(self, call: Call, facts: Facts, verdict: Verdict) -> None:
        """A call that was judged; it is written with the next ones."""
        self._wait(call, Settled.of(facts, verdict))

    def add_text(self, call: Call) -> None:
        """A call that failed, or was judged before: only its text may be new."""
        self._wait(call, None)

    def _wait(self, call: Call, settled: Settled | None) -> None:
        self._waiting.append((call, settled))
        if len(self._waiting) >= _AT_ONCE or time.monotonic() >= self._written + _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits; where that is broken off, it waits still."""
        if self._waiting:
            settled = [settled for _, settled in self._waiting if settled is not None]
            self._write(settled, [call for call, _ in self._waiting])
            self._waiting.clear()
        self._written = time.monotonic()

    def take_up(self) -> None:
        """All that the folder holds, but verdicts without facts (`Imported.lost`)."""
        for found in batches(settled_in(self._folder)):
            batch = [settled for settled in found if settled.facts is not None]
            self._write(batch, ())
            self.judged.update(settled.call_id for settled in batch)
            self.done.lost.update(settled.call_id for settled in found if settled.facts is None)

    def add_texts(self, calls: Iterable[Call]) -> None:
        """Keep the text of calls that the run has judged."""
        for batch in batches(calls):
            self._write((), batch)

    def find_texts(self) -> None:
        """Look for texts that are not known where the run had its calls from. What cannot be read is passed over."""
        for source in sources_of(self._folder, self.manifest):
            with self._database.reading() as connection:
                if not wanting(connection, self.done.run):
                    break
            for batch in batches(source):
                with self._database.reading() as connection:
                    turns = wanting(connection, self.done.run, [call.id for call in batch])
                # Another number of turns: another call that has the id by now.
                fitting = [call for call in batch if turns.get(call.id) in (0, len(call.turns)) and call.id in turns]
                if fitting:
                    self._write((), fitting)
        with self._database.reading() as connection:
            self.done.without_text = len(wanting(connection, self.done.run))

    def _write(self, batch: Sequence[Settled], calls: Sequence[Call]) -> None:
        # The last line of a call is the one that counts.
        batch = list({settled.call_id: settled for settled in batch}.values())
        audio = self._audio_of(batch) if batch else {}
        with self._database.writing() as connection:
            written = self._rows.write(connection, batch)
            added = add_texts(connection, self._key, calls, self.done.run.started)
            self.done.displaced += added.displaced
            self.done.misfits += added.misfits
            heard = self._rows.hear(connection, batch, written, audio)
            renew(connection, {settled.call_id for settled in batch}.union(call.id for call in calls))
            if written or added.changed or heard:
                # With what it tells of, so that no fault leaves rows without it.
                content = f"{len(written)} verdicts, {len(calls)} texts"
                audit_log.append(connection, self._key, "imported", self._by, run=self.done.run, content=content)

    def _audio_of(self, batch: Sequence[Settled]) -> dict[str, list[str]]:
        """The recordings of these calls, by their ids."""
        recordings = {settled.call_id: [*self._audio.get(settled.call_id, ())] for settled in batch}
        for path in _recordings(self._folder / KEPT_AUDIO):
            if not is_half(path.name):
                for name in recordings.keys() & set(ids_of(path.name)):
                    recordings[name].append(str(path.absolute()))
        return recordings


def _manifest_of(folder: Path) -> RunManifest:
    manifest = read_manifest(folder)
    if manifest is None:
        raise RunError("there is no run here: run.json is missing", place=str(folder))
    try:
        moment_of(None, manifest.started)
    except (ValueError, OverflowError):
        raise RunError("run.json does not say when the run began; put that back", place=str(folder)) from None
    return manifest


def _run(connection: Connection, key: Key, manifest: RunManifest, folder: Path, by: str) -> RunRow:
    values = run_values(manifest, str(folder.absolute()))
    wanted = select(runs).where(runs.c.folder == values["folder"], runs.c.started == values["started"])
    row = connection.execute(wanted).first()
    if row is None:
        connection.execute(insert(runs), values)
        row = connection.execute(wanted).one()
        audit_log.digest_rows(connection, key, "run", [row.key])
        audit_log.append(connection, key, "imported", by, run=run_row(row))
    return run_row(row)


def _recordings(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise RunError(f"the folder cannot be read ({error.strerror})", place=str(folder)) from None
