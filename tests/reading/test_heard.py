from collections.abc import Callable

from ausweis.calls.call import Call
from ausweis.reading.heard import doubts


def test_turns_of_little_confidence_and_the_roles(call: Callable[..., Call]) -> None:
    written = call("agent: Guten Tag.", "caller: Hallo.", "agent: Ja?")
    assert doubts(written) == {"badly_heard": (), "roles_confidence": None}
    heard = written.model_copy(
        update={
            "turns": tuple(
                turn.model_copy(update={"confidence": sure})
                for turn, sure in zip(written.turns, (0.9, 0.3, None), strict=True)
            ),
            "roles_confidence": 0.8,
        }
    )
    assert doubts(heard) == {"badly_heard": (2,), "roles_confidence": 0.8}
