"""One call with all that is known of it."""

from pathlib import Path

from sqlalchemy import Connection, select

from ausweis.calls.call import Call
from ausweis.errors import NoCallError
from ausweis.facts import Facts
from ausweis.masking.judged import RULES
from ausweis.masking.kinds import Span
from ausweis.store.decided import decisions_of
from ausweis.store.masks import spans_by_turn
from ausweis.store.packing import call_row, run_row, unpack
from ausweis.store.rows import CallRecord
from ausweis.store.schema import audio, calls, masks, runs, texts, verdicts
from ausweis.store.texts import call_of

__all__ = ["record"]


def record(connection: Connection, key: int) -> CallRecord:
    """All that is known of a call.

    Raises:
        NoCallError: there is no such call, or it has no verdict.
    """
    row = connection.execute(select(calls).where(calls.c.key == key, calls.c.outcome.is_not(None))).first()
    if row is None:
        raise NoCallError("there is no such call in the store")
    run = run_row(connection.execute(select(runs).where(runs.c.key == row.run_key)).one())
    verdict = connection.execute(select(verdicts).where(verdicts.c.key == row.verdict_key)).one()
    text = connection.execute(select(texts).where(texts.c.call_key == key)).first()
    call = None if text is None else call_of(text, row.call_id)
    paths = connection.execute(select(audio.c.path).where(audio.c.call_key == key).order_by(audio.c.path))
    return CallRecord(
        row=call_row(row),
        call=call,
        verdict=unpack(verdict.body, run),
        verdict_key=verdict.key,
        says=row.says,
        facts=None if verdict.facts is None else Facts.model_validate_json(verdict.facts),
        run=run,
        decisions=tuple(decisions_of(connection, key, says=row.says)),
        audio=tuple(map(Path, paths.scalars())),
        masks=_masks(connection, key, call),
    )


def _masks(connection: Connection, key: int, call: Call | None) -> dict[int, list[Span]] | None:
    kept = select(masks.c.covers).where(masks.c.call_key == key, masks.c.rules == RULES)
    covers = connection.execute(kept).scalar()
    if covers is None or call is None:
        return None
    try:
        return spans_by_turn(covers, [len(turn.text) for turn in call.turns])
    except LookupError:
        # Of another text: that was changed behind the store's back.
        return None
