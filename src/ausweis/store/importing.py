"""Calls of a run taken up, with text, facts and verdict, a batch a transaction.

What is there already, as it is, is not written again, so a run may come twice, and be gone on with wherever it stopped.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Connection, insert, select

from ausweis.audio.kept import KEPT_AUDIO, TRANSCRIPTS_FILE
from ausweis.batch.manifest import Inputs, RunManifest, read_manifest
from ausweis.batch.state import FACTS_FILE, VERDICTS_FILE, facts_of
from ausweis.calls import Call, UnreadableCall, read_calls
from ausweis.errors import AusweisError, RunError
from ausweis.facts import Facts
from ausweis.journal import lines
from ausweis.judging.verdict import Verdict
from ausweis.opening import is_stream
from ausweis.store import audit_log
from ausweis.store.database import Database
from ausweis.store.index import renew
from ausweis.store.key import Key
from ausweis.store.packing import run_row, run_values
from ausweis.store.rows import Imported, RunRow
from ausweis.store.run_files import ids_of, is_half
from ausweis.store.schema import batches, calls, runs, texts, verdicts
from ausweis.store.texts import add_texts, moment_of
from ausweis.store.verdict_rows import ScoredCall, VerdictRows
from ausweis.vocabulary import LANGUAGES, Language

__all__ = ["Audio", "StoreSink", "read_as", "scored_in"]


def scored_in(folder: Path) -> Iterator[ScoredCall]:
    """The calls that have a verdict in a run folder.

    Raises:
        RunError: a line cannot be read.
    """
    path = folder / VERDICTS_FILE
    facts = _FactLines(folder / FACTS_FILE)
    for line in lines(path):
        try:
            verdict = Verdict.model_validate_json(line.data)
        except ValidationError:
            message = "the line holds no verdict that this version of ausweis can read"
            raise RunError(message, place=f"{path}:{line.number}") from None
        yield ScoredCall.read(verdict, line.data, *facts.of(verdict.call_id))


class _FactLines:
    """The facts of a run, found as verdicts go on: both files have about the same order, so little is held."""

    def __init__(self, path: Path) -> None:
        self._lines = ((facts_of(line, path), line.data) for line in lines(path))
        # Of a run of several processes, which may be far out of order, more.
        self._waiting: dict[str, tuple[bytes, int]] = {}

    def of(self, call_id: str) -> tuple[bytes, int]:
        """The line of a call's facts and how many turns it has; nothing and 0 where there are none."""
        if call_id in self._waiting:
            return self._waiting.pop(call_id)
        for facts, data in self._lines:
            if facts.call_id == call_id:
                return data, facts.turns
            self._waiting[facts.call_id] = data, facts.turns
        return b"", 0


def read_as(paths: tuple[str, ...], inputs: Inputs) -> Iterator[Call | UnreadableCall]:
    """Read calls in the way in which a run read its inputs.

    Raises:
        InputError: a path cannot be used.
    """
    language: Language = next((known for known in LANGUAGES if known == inputs.language), "de")
    return read_calls(paths, speakers=inputs.speakers, language=language, format=inputs.format)


def sources_of(folder: Path, manifest: RunManifest) -> tuple[Iterator[Call], Iterator[Call]]:
    """Where calls of a run may be: its own transcripts, then the files that it was given.

    What cannot be read any more is passed over.
    """
    transcripts = folder / TRANSCRIPTS_FILE
    # Standard input is gone.
    paths = (path for path in manifest.inputs.paths if path != "-" and not is_stream(Path(path)))
    given = (call for path in paths for call in _calls((path,), manifest.inputs))
    return _calls((str(transcripts),) if transcripts.is_file() else (), Inputs()), given


def wanting(connection: Connection, run: RunRow, ids: list[str] | None = None) -> dict[str, int]:
    """How many turns each call has that this run judged and that has no text, by its id; of these, or of all."""
    joined = verdicts.join(calls, calls.c.key == verdicts.c.call_key)
    joined = joined.outerjoin(texts, texts.c.call_key == verdicts.c.call_key)
    wanted = select(calls.c.call_id, calls.c.turns).select_from(joined)
    wanted = wanted.where(verdicts.c.run_key == run.key, texts.c.call_key.is_(None))
    wanted = wanted if ids is None else wanted.where(calls.c.call_id.in_(ids))
    return {row.call_id: row.turns for row in connection.execute(wanted)}


def _calls(paths: tuple[str, ...], inputs: Inputs) -> Iterator[Call]:
    try:
        yield from (call for call in read_as(paths, inputs) if isinstance(call, Call))
    except AusweisError:
        return


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
        self._waiting: list[tuple[Call, ScoredCall | None]] = []
        self._written = time.monotonic()

    def add(self, call: Call, facts: Facts, verdict: Verdict) -> None:
        """A call that was judged; it is written with the next ones."""
        self._wait(call, ScoredCall.of(facts, verdict))

    def add_text(self, call: Call) -> None:
        """A call that failed, or was judged before: only its text may be new."""
        self._wait(call, None)

    def _wait(self, call: Call, scored: ScoredCall | None) -> None:
        self._waiting.append((call, scored))
        if len(self._waiting) >= _AT_ONCE or time.monotonic() >= self._written + _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits; where that is broken off, it waits still."""
        if self._waiting:
            scored = [scored for _, scored in self._waiting if scored is not None]
            self._write(scored, [call for call, _ in self._waiting])
            self._waiting.clear()
        self._written = time.monotonic()

    def take_up(self) -> None:
        """All that the folder holds, but verdicts without facts (`Imported.lost`)."""
        for found in batches(scored_in(self._folder)):
            batch = [scored for scored in found if scored.facts is not None]
            self._write(batch, ())
            self.judged.update(scored.call_id for scored in batch)
            self.done.lost.update(scored.call_id for scored in found if scored.facts is None)

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

    def _write(self, batch: Sequence[ScoredCall], calls: Sequence[Call]) -> None:
        # The last line of a call is the one that counts.
        batch = list({scored.call_id: scored for scored in batch}.values())
        audio = self._audio_of(batch) if batch else {}
        with self._database.writing() as connection:
            written = self._rows.write(connection, batch)
            added = add_texts(connection, self._key, calls, self.done.run.started)
            self.done.displaced += added.displaced
            self.done.misfits += added.misfits
            heard = self._rows.hear(connection, batch, written, audio)
            renew(connection, {scored.call_id for scored in batch}.union(call.id for call in calls))
            if written or added.changed or heard:
                # With what it tells of, so that no fault leaves rows without it.
                content = f"{len(written)} verdicts, {len(calls)} texts"
                audit_log.append(connection, self._key, "imported", self._by, run=self.done.run, content=content)

    def _audio_of(self, batch: Sequence[ScoredCall]) -> dict[str, list[str]]:
        """The recordings of these calls, by their ids."""
        recordings = {scored.call_id: [*self._audio.get(scored.call_id, ())] for scored in batch}
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
