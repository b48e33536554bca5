"""What has just been done, said once above the next page, and how it is taken back."""

from collections.abc import Callable
from typing import NamedTuple

from ausweis.serve.desk import Done, RequestContext

__all__ = ["Said", "keep_once", "said_of"]


class Said(NamedTuple):
    """A sentence, a link to have another look, and what takes it back: a call and the decision about it.

    `shown`: only on the page that follows at once; on others the key still takes it back.
    """

    text: str
    address: str
    link: str
    call_key: int
    decision_key: int
    shown: bool


def said_of(context: RequestContext, query: str) -> Said | None:
    """What this session decided last, unless it was taken back; `query`: the queue that it was in."""
    done = context.desk.done.get(context.session.id)
    if done is None:
        return None
    words = context.words
    return Said(
        words.text("done", choice=words.word(done.choice)),
        f"/calls/{done.call_key}{query}",
        words.text("look_again"),
        done.call_key,
        done.decision_key,
        shown=context.asked.get("done") == str(done.call_key),
    )


def keep_once(context: RequestContext, keep: Callable[[], Done]) -> None:
    """Keep what was sent; of a form that is sent twice, by a double click, only the first.

    Raises:
        StoreError: what `keep` raises.
    """
    desk, session, once = context.desk, context.session, context.form.get("once", "")
    with desk.deciding:
        last = desk.done.get(session.id)
        if last is None or not once or last.once != once:
            desk.done[session.id] = keep()._replace(once=once)
