"""What is not sure about the words of a call, before anybody reads them: it came from a recording."""

from typing import TypedDict

from ausweis.calls.call import Call

__all__ = ["HEARD", "Doubts", "doubts"]

HEARD = 0.5
"""The words of a turn of less confidence cannot be relied on."""


class Doubts(TypedDict):
    """As `Facts` names them."""

    badly_heard: tuple[int, ...]
    roles_confidence: float | None


def doubts(call: Call) -> Doubts:
    """Which turns were heard badly, and how sure the roles are."""
    badly = tuple(
        number
        for number, turn in enumerate(call.turns, start=1)
        if turn.confidence is not None and turn.confidence < HEARD
    )
    return {"badly_heard": badly, "roles_confidence": call.roles_confidence}
