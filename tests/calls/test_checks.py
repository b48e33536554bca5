from typing import Any

import pytest

from ausweis.calls import Call, Speakers, UnreadableCall
from ausweis.calls.call import RawCall
from ausweis.calls.checks import LONGEST, check


def checked(turns: Any, **fields: Any) -> Call | UnreadableCall:
    return check(RawCall({"turns": turns, **fields}, "x.json", "x"), Speakers(), "de")


def timed(*times: tuple[float | None, float | None]) -> list[dict[str, Any]]:
    speakers = ("agent", "caller")
    return [
        {"speaker": speakers[n % 2], "start": start, "end": end, "text": "Kranich"}
        for n, (start, end) in enumerate(times)
    ]


@pytest.mark.parametrize(
    "times",
    [
        [(None, None), (None, None)],
        [(0, 5), (4, 6), (3.5, 9)],
        [(0, 5), (None, 6), (1, 1)],
        [(5, None), (4, None)],
    ],
)
def test_times_that_are_fine(times: list[tuple[float | None, float | None]]) -> None:
    assert isinstance(checked(timed(*times)), Call)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([(5, 6), (3.9, 7)], "turn 2 starts before turn 1"),
        ([(5, 6), (None, None), (3, 7)], "turn 3 starts before turn 1"),
        ([(0, 1), (5, 4)], "turn 2 ends before it starts"),
        ([(0, 1), (float("inf"), None)], "turn 2"),
    ],
)
def test_times_that_run_backwards(times: list[tuple[float | None, float | None]], words: str) -> None:
    fault = checked(timed(*times))
    assert isinstance(fault, UnreadableCall)
    assert fault.kind == "times"
    assert words in fault.message
    assert "Kranich" not in str(fault)


@pytest.mark.parametrize(
    ("labels", "words"),
    [(["AGENT", "agent"], "caller"), (["caller"], "agent"), ([None, None], "agent and none of the caller")],
)
def test_one_side_alone_cannot_be_judged(labels: list[str | None], words: str) -> None:
    fault = checked([{"speaker": label, "text": "ja"} for label in labels])
    assert isinstance(fault, UnreadableCall)
    assert fault.kind == "speakers"
    assert f"no turn of the {words}" in fault.message
    assert "--speaker" in fault.message


@pytest.mark.parametrize("label", ["Ida", "SPEAKER_02", "unknown", None, " "])
def test_beside_both_sides_a_third_speaker_may_be_unknown(label: str | None) -> None:
    call = checked([{"speaker": speaker, "text": "ja"} for speaker in ("agent", "caller", label)])
    assert isinstance(call, Call)
    assert [turn.speaker for turn in call.turns] == ["agent", "caller", "unknown"]


def test_a_call_of_no_human_length_is_one_failure() -> None:
    text = "ja " * (LONGEST // 6)
    turns = [{"speaker": speaker, "text": text} for speaker in ("agent", "caller")]
    assert isinstance(checked(turns), Call)
    fault = checked([*turns, {"speaker": "agent", "text": "Auf Wiederhören."}])
    assert isinstance(fault, UnreadableCall)
    assert "at most 1,000,000" in fault.message


def test_turns_without_words() -> None:
    fault = checked([{"speaker": "agent", "text": " "}, {"speaker": "caller", "text": ""}])
    assert isinstance(fault, UnreadableCall)
    assert fault.kind == "empty"


def test_ten_thousand_turns_and_a_very_long_one() -> None:
    turns = timed(*[(float(n), n + 0.5) for n in range(10_000)])
    turns[17]["text"] = "a" * 100_000
    call = checked(turns)
    assert isinstance(call, Call)
    assert len(call.turns) == 10_000
    assert len(call.turn(18).text) == 100_000


def test_negative_time_is_named_by_its_path() -> None:
    fault = checked(timed((0, 1), (-1, 1)))
    assert isinstance(fault, UnreadableCall)
    assert "turns[2].start" in fault.message
