"""The text of a run's calls, from where the run had it: its own transcripts, else the files that it was given."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, select

from ausweis.batch.manifest import Inputs, RunManifest
from ausweis.calls import Call, UnreadableCall, read_calls
from ausweis.calls.opening import is_stream
from ausweis.errors import AusweisError
from ausweis.store.batching import batches
from ausweis.store.database import Database
from ausweis.store.key import Key
from ausweis.store.rows import RunRow
from ausweis.store.tables import calls, texts, verdicts
from ausweis.store.texts import add_texts

__all__ = ["TRANSCRIPTS", "read_as", "texts_of"]

TRANSCRIPTS = "transcripts.jsonl"


def read_as(paths: tuple[str, ...], inputs: Inputs) -> Iterator[Call | UnreadableCall]:
    """Read calls in the way in which a run read its inputs.

    Raises:
        InputError: a path cannot be used.
    """
    language: Literal["de", "en"] = "en" if inputs.language == "en" else "de"
    return read_calls(paths, speakers=inputs.speakers, language=language, format=inputs.format)


def texts_of(database: Database, key: Key, run: RunRow, folder: Path, manifest: RunManifest, by: str) -> None:
    """Look for the calls of a run whose text is not known yet. What cannot be read any more is passed over."""
    for source in (_transcripts(folder), _inputs(manifest)):
        with database.reading() as connection:
            if not _wanting(connection, run, None):
                return
        for found in batches(source):
            with database.reading() as connection:
                turns = _wanting(connection, run, [call.id for call in found])
            # Another number of turns: another call that has the id by now.
            fitting = [call for call in found if turns.get(call.id) in (0, len(call.turns)) and call.id in turns]
            if fitting:
                with database.writing() as connection:
                    add_texts(connection, key, fitting, run.started, by)


def _wanting(connection: Connection, run: RunRow, ids: list[str] | None) -> dict[str, int]:
    """How many turns each call has that this run judged and that has no text: of these ids, or of one such call."""
    joined = verdicts.join(calls, calls.c.key == verdicts.c.call_key)
    joined = joined.outerjoin(texts, texts.c.call_key == verdicts.c.call_key)
    wanted = select(calls.c.call_id, calls.c.turns).select_from(joined)
    wanted = wanted.where(verdicts.c.run_key == run.key, texts.c.call_key.is_(None))
    wanted = wanted.limit(1) if ids is None else wanted.where(calls.c.call_id.in_(ids))
    return {row.call_id: row.turns for row in connection.execute(wanted)}


def _transcripts(folder: Path) -> Iterator[Call]:
    path = folder / TRANSCRIPTS
    if path.is_file():
        yield from _calls((str(path),), Inputs())


def _inputs(manifest: RunManifest) -> Iterator[Call]:
    for path in manifest.inputs.paths:
        # Standard input is gone.
        if path != "-" and not is_stream(Path(path)):
            yield from _calls((path,), manifest.inputs)


def _calls(paths: tuple[str, ...], inputs: Inputs) -> Iterator[Call]:
    try:
        yield from (call for call in read_as(paths, inputs) if isinstance(call, Call))
    except AusweisError:
        return
