"""One call with all that is known of it."""

from pathlib import Path

from sqlalchemy import Connection, select

from ausweis.errors import NoCallError
from ausweis.facts import Facts
from ausweis.store.deciding import decisions_of
from ausweis.store.packing import call_row, run_row, unpack
from ausweis.store.rows import CallRecord, RunRow
from ausweis.store.tables import audio, calls, runs, texts, verdicts
from ausweis.store.texts import call_of

__all__ = ["record", "run_of"]


def record(connection: Connection, key: int) -> CallRecord:
    """See `Store.record`."""
    row = connection.execute(select(calls).where(calls.c.key == key, calls.c.outcome.is_not(None))).first()
    if row is None:
        raise NoCallError("there is no such call in the store")
    run = run_row(connection.execute(select(runs).where(runs.c.key == row.run_key)).one())
    verdict = connection.execute(select(verdicts).where(verdicts.c.key == row.verdict_key)).one()
    text = connection.execute(select(texts).where(texts.c.call_key == key)).first()
    paths = connection.execute(select(audio.c.path).where(audio.c.call_key == key).order_by(audio.c.path))
    return CallRecord(
        row=call_row(row),
        call=None if text is None else call_of(text, row.call_id),
        verdict=unpack(verdict.body, run),
        verdict_key=verdict.key,
        says=row.says,
        facts=None if verdict.facts is None else Facts.model_validate_json(verdict.facts),
        run=run,
        decisions=tuple(decisions_of(connection, key, says=row.says)),
        audio=tuple(map(Path, paths.scalars())),
    )


def run_of(connection: Connection, key: int) -> tuple[str, RunRow] | None:
    """The id of a call, and the run whose verdict counts; None where there is no such call."""
    wanted = select(calls.c.call_id, runs).join(runs, runs.c.key == calls.c.run_key).where(calls.c.key == key)
    row = connection.execute(wanted).first()
    return None if row is None else (row.call_id, run_row(row))
