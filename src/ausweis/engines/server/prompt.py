"""The messages of a request as a server gets them.

In process, what is said in a call is put into tokens with all markers of the chat format off. A server makes tokens of
one text, the words of a call among it, and takes `<|im_end|>` for the end of a message whoever said it. Nobody outside
knows which markers a model has, but all known ones begin with an angle bracket or a square one and no blank after it.
"""

import re
from collections.abc import Sequence

from ausweis.engines.protocol import Message

__all__ = ["as_sent", "without_markers"]

_OPENING = re.compile(r"[<[](?=\S)")


def without_markers(text: str) -> str:
    """The text, a blank after each bracket that could open a marker."""
    return _OPENING.sub(r"\g<0> ", text)


def as_sent(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The messages; all but the last are ours, and go as they are."""
    *ours, last = messages
    sent = [{"role": message.role, "content": message.content} for message in ours]
    return [*sent, {"role": last.role, "content": without_markers(last.content)}]
