"""What is wrong with a recording, so that an authentication may have been and cannot be heard."""

import math
import re

from ausweis.calls.call import Call
from ausweis.engines.heads import probability_of
from ausweis.engines.protocol import Request, Result
from ausweis.facts import RecordingDefect
from ausweis.prompts import Template
from ausweis.reading.chunks import read_as

__all__ = ["LATE", "defects_in", "question", "starts_late"]

FIRST_LINES = 3
LINE_LENGTH = 300
LATE = "middle"
"""The answer of `call-start` that says that the recording sets in late."""

OPENING = 0.4
"""The part of a call in which authentication has its place."""
GARBLED_TURNS = 0.3
"""From this share of turns with lost words in the opening on, what was asked and given there cannot be told."""
_LOST = re.compile(
    r"<unk>|\[(?:unk|unverständlich|unverst\.|inaudible|unintelligible|rauschen|noise|crosstalk)\]|\(unverständlich\)",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"[\[(][^\])]{0,40}(?:unterbr|abgebr|bricht ab|ausfall|fällt aus|aussetz|lücke|"
    r"interrupt|cuts? out|drops?|dropped|breaks? off|gap)[^\])]{0,40}[\])]",
    re.IGNORECASE,
)
"""Marks such as `[Aufzeichnung unterbrochen]` or `[line drops]`."""


def question(call: Call, template: Template) -> Request:
    """Ask about the first lines with words in them."""
    spoken = [turn for turn in call.turns if turn.text.strip()][:FIRST_LINES]
    lines = [{"speaker": read_as(turn.speaker), "text": turn.text[:LINE_LENGTH]} for turn in spoken]
    return Request(
        messages=template.render({"lines": lines}, language=call.language),
        choices=template.labels,
        template=template.name,
    )


def starts_late(start: Result, template: Template) -> float:
    """How likely the recording sets in late, by the answer to the question about its first lines."""
    return _calibrated(start.probabilities[template.labels.index(LATE)], template)


def defects_in(call: Call, late: float) -> dict[RecordingDefect, float]:
    """The defects that are at all likely, with their probabilities; all but `starts_late` are read from marks."""
    defects: dict[RecordingDefect, float] = {}
    if late >= 0.05:
        defects["starts_late"] = round(late, 4)
    opening = call.turns[: max(1, round(OPENING * len(call.turns)))]
    lost = sum(_LOST.search(turn.text) is not None for turn in opening)
    if lost and lost >= GARBLED_TURNS * len(opening):
        defects["garbled"] = 1.0
    if any(_BREAK.search(turn.text) for turn in opening):
        defects["breaks_off"] = 1.0
    return defects


def _calibrated(probability: float, template: Template) -> float:
    """The probability without the model's leaning, where the template has its measure (`slope` and `offset`)."""
    slope, offset = (template.parameters.get(name) for name in ("slope", "offset"))
    if not isinstance(slope, int | float) or not isinstance(offset, int | float):
        return probability
    within = min(max(probability, 1e-6), 1 - 1e-6)
    return probability_of(slope * math.log(within / (1 - within)) + offset)
