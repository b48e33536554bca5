from collections.abc import Callable

import pytest

from ausweis.calls.call import Call, Turn
from ausweis.prompts import Library, default_library


@pytest.fixture(scope="session")
def library() -> Library:
    return default_library()


@pytest.fixture
def call() -> Callable[..., Call]:
    """A call from lines such as `agent: Guten Tag.`"""

    def make(*lines: str, language: str = "de") -> Call:
        turns = []
        for number, line in enumerate(lines):
            speaker, _, text = line.partition(": ")
            turns.append(Turn.model_validate({"speaker": speaker, "text": text, "start": number, "end": number + 0.5}))
        return Call.model_validate({"id": "c1", "language": language, "turns": turns})

    return make
