"""What an agent declines in plain words."""

from collections.abc import Callable

import pytest

from ausweis.calls.call import Call
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.dialogue import weighed
from ausweis.reading.refusal import DECLINED, declines


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Das darf ich erst sagen, wenn Sie mir Ihre PIN nennen.", True),
        ("das darf ich ihnen leider nicht sagen", True),
        ("Ohne die Vollmacht geht es nicht.", True),
        ("I'm sorry, I can't discuss the account with you.", True),
        ("Das kann ich Ihnen gern sagen.", False),
        ("Darf ich Ihnen noch etwas sagen?", False),
        ("Nicht, dass ich wüsste.", False),
        ("I can tell you that now.", False),
        ("Ohne Strom geht der Router nicht an.", False),
    ],
)
def test_plain_words(text: str, refused: bool) -> None:
    assert declines(text) is refused


def test_only_the_agent_refuses(call: Callable[..., Call]) -> None:
    chunks = spoken_chunks(call("agent: Das darf ich nicht sagen.", "caller: Das darf ich nicht sagen."))
    told = weighed(chunks, [{"refuses": 0.2}, {"gives": 0.1}], ())
    assert told == [{"refuses": DECLINED}, {"gives": 0.1}]
