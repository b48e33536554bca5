from collections.abc import Iterator

import pytest

from ausweis.engines.llama import LlamaEngine


@pytest.fixture(scope="session")
def tiny() -> Iterator[LlamaEngine]:
    """The smallest model: it answers in milliseconds, and badly."""
    engine = LlamaEngine.load("smollm2-135m", context=2048, threads=1)
    yield engine
    engine.close()
