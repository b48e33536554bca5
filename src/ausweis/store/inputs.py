"""The text of a run's calls, from where the run had it: its own transcripts, else the files that it was given."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, select

from ausweis.batch.manifest import Inputs, RunManifest
from ausweis.calls import Call, UnreadableCall, read_calls
from ausweis.calls.opening import is_stream
from ausweis.errors import AusweisError
from ausweis.store.rows import RunRow
from ausweis.store.tables import calls, texts, verdicts
from ausweis.vocabulary import LANGUAGES, Language

__all__ = ["TRANSCRIPTS", "read_as", "sources_of", "wanting"]

TRANSCRIPTS = "transcripts.jsonl"


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
    transcripts = folder / TRANSCRIPTS
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
