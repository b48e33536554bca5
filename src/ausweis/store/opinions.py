"""What was said in a calibration session, call by call, and how far those agree who said it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from ausweis.errors import StoreError
from ausweis.store.calibrations import calibration
from ausweis.store.decided import agreement_of, decisions_of
from ausweis.store.persons import person_of
from ausweis.store.rows import Agreement, Decision
from ausweis.store.schema import calls

__all__ = ["opinion_of", "opinions"]


def opinions(connection: Connection, number: int) -> tuple[dict[int, list[Decision]], Agreement]:
    """The last word of each reviewer on each call of a closed session, and how far outcomes agree (Scott's pi).

    Only what was said about what the verdict says today.

    Raises:
        StoreError: it is not closed, or is none.
    """
    session = calibration(connection, number)
    if session.state != "closed":
        raise StoreError("what was said in a calibration session is shown when it is closed", code="calibration_open")
    says = dict(
        connection.execute(
            calls.select().where(calls.c.key.in_(session.calls)).with_only_columns(calls.c.key, calls.c.says)
        ).all()
    )
    said = {key: _last(decisions_of(connection, key, says=says[key] or ""), number) for key in session.calls}
    return said, agreement_of([decision.outcome for decision in given] for given in said.values())


def opinion_of(given: Sequence[Decision], reviewer: str, number: int) -> Decision | None:
    """What a reviewer said last in a session, of the decisions about a call; None where they have not."""
    return _by_person(given, number).get(person_of(reviewer))


def _last(given: Sequence[Decision], number: int) -> list[Decision]:
    return list(_by_person(given, number).values())


def _by_person(given: Sequence[Decision], number: int) -> Mapping[str, Decision]:
    return {
        person_of(decision.reviewer): decision
        for decision in given
        if decision.calibration == number and decision.today and not decision.withdrawn
    }
