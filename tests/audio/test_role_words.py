"""What one side alone says tells who is the agent; what both say does not."""

import json
from pathlib import Path

import pytest

from ausweis.audio.role_words import FILE_NAME, FORMAT, RoleWords, said_by
from ausweis.calls.call import Turn
from ausweis.errors import ModelError

TURNS = [
    Turn(speaker="agent", text="Ihr Geburtsdatum, bitte?"),
    Turn(speaker="caller", text="Ja bitte, mein Geburtstag …"),
]
WORDS = RoleWords({"ihr": 0.5, "mein": -0.75, "bitte": 4.0, "^ ja": -0.25}, "0" * 64)


def test_words_and_pairs_of_a_side() -> None:
    assert said_by(TURNS, "agent") == {
        *("ihr", "geburtsdatum", "bitte"),
        *("^ ihr", "ihr geburtsdatum", "geburtsdatum bitte", "bitte $"),
    }


def test_what_both_say_tells_nothing() -> None:
    assert WORDS.log_odds(TURNS) == pytest.approx(1.5)


def test_exchanged_speakers_are_the_opposite() -> None:
    crossed = [turn.model_copy(update={"speaker": "caller" if turn.speaker == "agent" else "agent"}) for turn in TURNS]
    assert WORDS.log_odds(crossed) == -WORDS.log_odds(TURNS)


def test_a_word_said_often_counts_once() -> None:
    assert WORDS.log_odds([*TURNS, *TURNS]) == WORDS.log_odds(TURNS)


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
