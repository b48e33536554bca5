"""A name that the agent takes up was given by the caller."""

from collections.abc import Callable

import pytest

from ausweis.calls.call import Call
from ausweis.reading.address import NAMED, named
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.dialogue import weighed


@pytest.mark.parametrize(
    ("lines", "places"),
    [
        (["agent: Guten Tag.", "caller: Na denn. Lehnigk.", "agent: Gut, Herr Lehnigk."], [1]),
        (["caller: ja budach hier", "agent: so frau budach dann schauen wir"], [0]),
        (["caller: It's Ann Cole.", "agent: Thank you, Mrs Cole."], [0]),
        (["caller: Hier ist Krause.", "agent: Guten Tag, Herr Dr. Krause."], [0]),
        # Said by the agent first, or with a title by the caller: somebody else's name.
        (["agent: Jansen, guten Tag.", "caller: Tag, Frau Jansen.", "agent: Ja, Frau Jansen bin ich."], []),
        (["caller: Es geht um Frau Klein.", "agent: Und Frau Klein ist Ihre Mutter?"], []),
        (["caller: die ist weg", "agent: ja die frau die hat angerufen"], []),
        (["caller: Guten Tag.", "agent: Herr Wendt?"], []),
        (["caller: Wendt.", "agent: Herr Wendt!", "agent: Ja, Herr Wendt."], [0]),
    ],
)
def test_where_a_name_was_given(call: Callable[..., Call], lines: list[str], places: list[int]) -> None:
    assert list(named(spoken_chunks(call(*lines)))) == places


def test_the_readers_doubt_gives_way(call: Callable[..., Call]) -> None:
    chunks = spoken_chunks(call("agent: Ja?", "caller: Lehnigk.", "agent: Gut, Herr Lehnigk."))
    answers = [{"asks": 0.1}, {"gives": 0.2, "gives name": 0.1, "gives pin": 0.15}, {"asks": 0.1}]
    assert weighed(chunks, answers, ())[1] == {"gives": NAMED, "gives name": NAMED, "gives pin": 0.15}
    sure = [answers[0], {"gives": 0.99, "gives name": 0.98}, answers[2]]
    assert weighed(chunks, sure, ())[1] == {"gives": 0.99, "gives name": 0.98}
