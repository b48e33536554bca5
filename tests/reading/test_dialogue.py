import pytest

from ausweis.errors import EngineError
from ausweis.reading.chunks import Chunk
from ausweis.reading.evidence import EVIDENCE, NEVER, log_odds, pairs, weighed

CHUNKS = [
    Chunk(1, "agent", "Ihre PIN, bitte?"),
    Chunk(2, "caller", "eins acht"),
    Chunk(3, "agent", "ja"),
    Chunk(4, "caller", "null vier"),
]
ANSWERS = [
    {"asks": 0.9, "asks pin": 0.9, "asks name": 0.2},
    {"gives": 0.8, "gives pin": 0.6, "gives name": 0.1},
    {"asks": 0.0, "asks pin": 0.0, "asks name": 0.0},
    {"gives": 0.8, "gives pin": 0.3, "gives name": 0.1},
]


def evidence(place: int, label: str) -> dict[str, float]:
    (found,) = (pair.evidence for pair in pairs(CHUNKS, ANSWERS) if (pair.place, pair.label) == (place, label))
    return dict(zip(EVIDENCE, found, strict=True))


def test_each_factor_of_each_line_of_the_caller() -> None:
    found = [(pair.place, pair.label) for pair in pairs(CHUNKS, ANSWERS)]
    assert found == [(1, "gives pin"), (1, "gives name"), (3, "gives pin"), (3, "gives name")]


def test_what_speaks_for_a_factor() -> None:
    first, chunk, other = evidence(1, "gives pin"), evidence(3, "gives pin"), evidence(1, "gives name")
    assert first["the line gives it"] == pytest.approx(log_odds(0.6))
    assert first["the line gives it rather than another"] == pytest.approx(log_odds(0.6) - log_odds(0.1))
    assert first["the agent's line before asks for it"] == pytest.approx(log_odds(0.9))
    assert first["one of the caller's latest lines gave it"] == NEVER
    assert chunk["the agent's line before asks for it"] == pytest.approx(NEVER)
    assert chunk["a line of the agent asked for it lately"] == pytest.approx(log_odds(0.9) - 0.5)
    assert chunk["one of the caller's latest lines gave it"] == pytest.approx(log_odds(0.6))
    assert chunk["the line gives anything, and a line of the agent asked for it lately"] == pytest.approx(log_odds(0.8))
    assert chunk["the line gives anything, and the agent's line before asks for it"] == pytest.approx(NEVER)
    assert chunk["the line gives it, and a line of the agent asked for it lately"] == pytest.approx(log_odds(0.3))
    assert first["a line of the agent asked for it lately, rather than for another"] == pytest.approx(
        log_odds(0.9) - log_odds(0.2)
    )
    assert other["the agent's lines just before ask for it rather than for another"] < 0
    assert first["the agent's lines just before ask for it rather than for another"] > 0


def test_weights_make_a_probability_of_the_evidence() -> None:
    weights = [0.0] * len(EVIDENCE)
    weights[EVIDENCE.index("the agent's line before asks for it")] = 1.0
    asked, first, _, chunk = weighed(CHUNKS, ANSWERS, [*weights, 0.0])
    assert first["gives pin"] == pytest.approx(0.9)
    assert first["gives name"] == pytest.approx(0.2)
    assert first["gives"] == 0.8
    assert chunk["gives pin"] == pytest.approx(0.0, abs=1e-3)
    assert asked == ANSWERS[0]


def test_weights_that_are_no_numbers_are_told() -> None:
    with pytest.raises(EngineError, match="gave no numbers"):
        weighed(CHUNKS, ANSWERS, [float("nan"), *[0.0] * len(EVIDENCE)])


def test_probabilities_of_nothing_and_all_are_bounded() -> None:
    assert log_odds(0.0) == pytest.approx(NEVER)
    assert log_odds(1.0) == pytest.approx(-NEVER)
