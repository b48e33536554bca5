"""Words decide where they can; else the way round in which more happens is the right one."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ausweis.audio.roles import FILE_NAME, FORMAT, Roles, RoleWords, said_by
from ausweis.calls.call import Call, Turn
from ausweis.errors import ModelError

TURNS = [Turn(speaker="agent", text="Your PIN?"), Turn(speaker="caller", text="Four one.")] * 20
NOTHING = RoleWords({}, "0" * 64)


def crossed(turns: Sequence[Turn]) -> list[Turn]:
    return [turn.model_copy(update={"speaker": "caller" if turn.speaker == "agent" else "agent"}) for turn in turns]


def happens(call: Call) -> float:
    """Three events where the agent asks for the PIN, half of one where the caller does."""
    assert len(call.turns) == 16
    return 3.0 if call.turns[0].speaker == "agent" else 0.5


def unasked(call: Call) -> float:
    raise AssertionError("the words are sure")


def test_the_way_that_makes_sense_is_taken() -> None:
    roles = Roles(NOTHING, happens)
    assert roles(TURNS, "en") == pytest.approx(0.88, abs=0.01)
    assert roles(crossed(TURNS), "en") == pytest.approx(0.12, abs=0.01)


def test_where_nothing_happens_nobody_knows() -> None:
    assert Roles(NOTHING, lambda call: 0.0)(TURNS, "de") == 0.5


def test_the_model_is_not_asked_where_words_are_sure() -> None:
    sure = Roles(RoleWords({"your": 2.0, "four": -2.0}, ""), unasked)
    assert sure(TURNS, "en") == pytest.approx(0.982, abs=0.001)
    assert sure(crossed(TURNS), "en") == pytest.approx(0.018, abs=0.001)


def test_words_and_reading_are_added_where_words_are_unsure() -> None:
    assert Roles(RoleWords({"your": 1.0}, ""), happens)(TURNS, "en") == pytest.approx(0.953, abs=0.001)
    assert Roles(RoleWords({"your": -2.0}, ""), happens)(TURNS, "en") == 0.5


SAID = [
    Turn(speaker="agent", text="Ihr Geburtsdatum, bitte?"),
    Turn(speaker="caller", text="Ja bitte, mein Geburtstag …"),
]
WORDS = RoleWords({"ihr": 0.5, "mein": -0.75, "bitte": 4.0, "^ ja": -0.25}, "0" * 64)


def test_words_and_pairs_of_a_side() -> None:
    assert said_by(SAID, "agent") == {
        *("ihr", "geburtsdatum", "bitte"),
        *("^ ihr", "ihr geburtsdatum", "geburtsdatum bitte", "bitte $"),
    }


def test_what_both_say_tells_nothing() -> None:
    assert WORDS.log_odds(SAID) == pytest.approx(1.5)


def test_exchanged_speakers_are_the_opposite() -> None:
    crossed = [turn.model_copy(update={"speaker": "caller" if turn.speaker == "agent" else "agent"}) for turn in SAID]
    assert WORDS.log_odds(crossed) == -WORDS.log_odds(SAID)


def test_a_word_said_often_counts_once() -> None:
    assert WORDS.log_odds([*SAID, *SAID]) == WORDS.log_odds(SAID)


@pytest.mark.parametrize(
    ("agent", "caller"),
    [
        ("Was kann ich für Sie tun? Ihre Kundennummer, bitte?", "Ich hab meine Rechnung nicht, mein Name ist Ohm."),
        ("How can I help you? Your date of birth, please?", "Hi, I lost my card. I want to block it, please."),
    ],
)
def test_the_words_that_ship_know_both_languages(agent: str, caller: str) -> None:
    turns = [Turn(speaker="caller", text=caller), Turn(speaker="agent", text=agent)]
    assert RoleWords.load().log_odds(turns) > 1.5


def test_the_words_that_ship_hold_no_name_of_a_company() -> None:
    assert not {"nordfunk", "nordlicht", "donaufunk", "rabental"} & RoleWords.load().weights.keys()


def test_a_folder_of_ones_own_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_LEARNED", str(tmp_path))
    assert "mein" in RoleWords.load().weights
    (tmp_path / FILE_NAME).write_text(json.dumps({"schema": FORMAT, "calls": 60, "weights": {"moin": -1}}))
    assert RoleWords.load().weights == {"moin": -1.0}


@pytest.mark.parametrize("content", ["", "[]", '{"schema": "other@1", "weights": {}}', json.dumps({"schema": FORMAT})])
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(ModelError, match="is no file of the form"):
        RoleWords.read(tmp_path / FILE_NAME)
