"""Where states are kept."""

import pytest
from tests.training.small import TEMPLATE

from ausweis.engines.fake import FakeEngine
from ausweis.engines.llama import LlamaEngine
from ausweis.training.lines import kept_name

pytestmark = pytest.mark.training


def test_states_of_another_adapter_are_kept_apart() -> None:
    engine = LlamaEngine.__new__(LlamaEngine)
    engine.info = FakeEngine([]).info
    plain = kept_name(engine, TEMPLATE, (1, 2))
    assert plain == f"{engine.info.sha256[:8]}-{TEMPLATE.sha256[:8]}-1-2"
    engine.info = engine.info.model_copy(update={"parameters": {"adapter": "a" * 64}})
    assert kept_name(engine, TEMPLATE, (1, 2)) not in (plain, kept_name(engine, TEMPLATE, (1, 3)))
