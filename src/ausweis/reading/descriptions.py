"""What lines of a call are compared with, own words and incidents alike: a description as a line, and a question."""

from ausweis.engines.protocol import Message, Transcript
from ausweis.prompts import Template
from ausweis.vocabulary import Side

__all__ = ["Question", "description_line"]

Question = tuple[Message, Message]
"""What is asked after a transcript, and how the answer begins."""


def description_line(template: Template, description: str, speaker: Side | None = None) -> Transcript:
    """A description as the template's only line, as a matcher compares lines with it."""
    messages = template.render({"lines": [{"speaker": speaker or "agent", "text": " ".join(description.split())}]})
    return Transcript(messages=messages, rows=(messages[-1].content,), template=template.name)
