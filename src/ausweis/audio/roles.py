"""Which of two speakers is the agent, where neither the channels nor a file say so: the model is asked."""

import math
from collections.abc import Sequence

from ausweis.calls.call import Turn
from ausweis.engines.protocol import Engine, Request
from ausweis.prompts import Template

__all__ = ["ROLES_TEMPLATE", "first_is_agent"]

ROLES_TEMPLATE = "speaker-roles"
FIRST_LINES = 10
LINE_LENGTH = 300


def first_is_agent(turns: Sequence[Turn], engine: Engine, template: Template) -> float:
    """How likely the speakers are not swapped, from 0 to 1: whether the turns of `agent` are those of the agent.

    Asked twice, with the letters exchanged, so that a liking of the model for one of them has no weight.

    Raises:
        EngineError, ModelError: as the engine.
    """
    spoken = [turn for turn in turns if turn.text.strip()][:FIRST_LINES]
    if not spoken:
        return 0.5
    straight, crossed = engine.complete([_question(spoken, letters, template) for letters in ("AB", "BA")])
    return _logistic((_logit(straight.probabilities[0]) - _logit(crossed.probabilities[0])) / 2)


def _question(turns: Sequence[Turn], letters: str, template: Template) -> Request:
    names = {"agent": letters[0], "caller": letters[1]}
    lines = [{"speaker": names.get(turn.speaker, "?"), "text": turn.text[:LINE_LENGTH]} for turn in turns]
    return Request(
        messages=template.render({"lines": lines}, language="en"), choices=template.labels, template=template.name
    )


def _logit(probability: float) -> float:
    within = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(within / (1 - within))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
