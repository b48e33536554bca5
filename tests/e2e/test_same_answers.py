"""Questions of a call get the labels together that they get alone, but for near ties.

Floating-point sums depend on what is evaluated together. The bound is on the margin: how far apart the two likeliest
labels are, in the answer where they are farther apart.
"""

from pathlib import Path

import pytest

from ausweis.calls import Call, read_calls
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Result
from ausweis.engines.weights import catalogue
from ausweis.prompts import default_library
from ausweis.reading.asking import WindowAsking
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.strategies import TURN_TEMPLATES

pytestmark = pytest.mark.model

EXAMPLES = Path(__file__).parents[2] / "examples"
LARGEST_MARGIN = 0.1
LARGEST_DIFFERENCE = 0.15
"""Of the probability of one label."""


def margin(result: Result) -> float:
    first, second, *_ = sorted(result.probabilities, reverse=True)
    return first - second


DEFAULT = pytest.param(catalogue.default_id(), 1, 10, marks=pytest.mark.alone)


@pytest.mark.parametrize(("model", "calls", "most"), [("smollm2-135m", 2, 100), DEFAULT])
def test_together_and_alone(model: str, calls: int, most: int) -> None:
    engine = LlamaEngine.load(model, threads=1 if calls > 1 else None)
    library = default_library()
    turns = {speaker: library.get(name) for speaker, name in TURN_TEMPLATES.items()}
    asking = WindowAsking(turns, library.get("call-start"))
    found = [call for call in read_calls([str(EXAMPLES / "calls")]) if isinstance(call, Call)][:calls]
    asked = 0
    for call in found:
        requests = asking.requests(call, spoken_chunks(call))[:most]
        for request, together in zip(requests, engine.complete(requests), strict=True):
            (alone,) = engine.complete([request])
            assert together.probabilities == pytest.approx(alone.probabilities, abs=LARGEST_DIFFERENCE)
            assert together.text == alone.text or max(margin(together), margin(alone)) < LARGEST_MARGIN
            asked += 1
    assert asked >= 10 * calls
    engine.close()
