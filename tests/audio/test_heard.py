"""Words of two sides to turns."""

from ausweis.audio.heard import Word, turns_of


def said(text: str, start: float, each: float = 0.3, probability: float = 0.9) -> list[Word]:
    return [
        Word(word, round(start + place * each, 2), round(start + (place + 1) * each, 2), probability)
        for place, word in enumerate(text.split())
    ]


def shown(agent: list[Word], caller: list[Word]) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in turns_of({"agent": agent, "caller": caller})]


def test_one_after_the_other() -> None:
    agent = said("Your PIN please?", 0) + said("Thank you.", 3)
    caller = said("Four four one.", 1.5)
    assert shown(agent, caller) == [
        ("agent", "Your PIN please?"),
        ("caller", "Four four one."),
        ("agent", "Thank you."),
    ]


def test_a_pause_without_an_answer_stays_in_the_turn() -> None:
    assert shown(said("One moment", 0) + said("here it is", 6), []) == [("agent", "One moment here it is")]


def test_a_short_word_in_a_short_pause_parts_the_turn() -> None:
    agent = said("the first line", 0) + said("of your address", 1.3)
    assert shown(agent, said("yes", 0.95)) == [
        ("agent", "the first line"),
        ("caller", "yes"),
        ("agent", "of your address"),
    ]


def test_a_word_into_the_others_speech_cuts_nothing_and_overlaps() -> None:
    turns = turns_of({"agent": said("it is all in the letter we sent", 0), "caller": said("right", 1.0)})
    assert [turn.text for turn in turns] == ["it is all in the letter we sent", "right"]
    assert turns[0].end == 2.4
    assert turns[1].start == 1.0


def test_words_keep_their_times_and_tell_when_a_part_was_said() -> None:
    (turn,) = turns_of({"agent": said("Thank you.", 0) + said("Your balance is ten pounds.", 4), "caller": []})
    assert [(word.text, word.start) for word in turn.words][1:3] == [("you.", 0.3), ("Your", 4)]
    assert turn.text == "Thank you. Your balance is ten pounds."
    assert turn.times(11, 26) == (4, 4.9)
    assert turn.times(13, 26) == (4, 4.9)
    assert turn.times(16, 38) == (4.3, 5.5)
    assert turn.times(0, 38) == (0, 5.5)
    assert turn.times(10, 11) == turn.times(5, 5) == (0, 5.5)


def test_what_is_said_twice_in_a_turn_has_the_times_of_its_place() -> None:
    (turn,) = turns_of({"agent": said("Yes. No. Yes.", 0), "caller": []})
    assert (turn.times(0, 4), turn.times(9, 13)) == ((0, 0.3), (0.6, 0.9))


def test_confidence_is_the_mean_of_the_words() -> None:
    (turn,) = turns_of({"agent": said("yes", 0, probability=0.2) + said("indeed", 0.3, probability=0.6), "caller": []})
    assert turn.confidence == 0.4
