"""Masking with what is known of the call."""

from typing import Any

import pytest

from ausweis.calls.call import Call, Turn
from ausweis.facts import Event, EventKind, Facts
from ausweis.masking import Masker
from ausweis.vocabulary import Language, LooksLike, OwnWord, Strength, default_mask


def call(*texts: str, agent: str | None = None) -> Call:
    turns = tuple(Turn(speaker="agent" if place % 2 == 0 else "caller", text=text) for place, text in enumerate(texts))
    return Call(id="c", turns=turns, agent=agent)


def facts(*events: tuple[int, EventKind, str], probability: float = 1.0) -> Facts:
    found = tuple(
        Event(turn=turn, kind=kind, subject=subject, quote="", probability=probability)
        for turn, kind, subject in events
    )
    return Facts(call_id="c", turns=9, events=found)


def test_what_was_given_tells_how_it_is_shown() -> None:
    one = call("Ihre PIN?", "Zwei neun null sechs.", "Und die Nummer?", "Zwölf.")
    found = Masker.of(one, facts((2, "gives", "pin"), (4, "gives", "customer_number")))
    assert [found.turn(2), found.turn(4)] == ["‹PIN›.", "‹Nummer›."]


def test_only_what_has_a_currency_is_an_amount_that_may_be_kept() -> None:
    one = call("Die Rechnung 40012345 über 47,11 Euro, ich rufe Sie unter 030 23125 123 zurück.")
    found = Masker.of(one, facts((1, "reads_out", "invoice_detail")))
    assert (
        found.turn(1, keep={"amount"}) == "Die Rechnung ‹Nummer› über 47,11 Euro, ich rufe Sie unter ‹Nummer› zurück."
    )


def test_a_password_is_masked_where_it_falls_again() -> None:
    one = call("Ihr Kennwort?", "Ja, das ist Dackelblick.", "Dackelblick, passt.")
    found = Masker.of(one, facts((2, "gives", "password")))
    assert [found.turn(2), found.turn(3)] == ["Ja, das ist ‹Kennwort›.", "‹Kennwort›, passt."]


@pytest.mark.parametrize(("language", "wanted"), [("de", "‹Antwort›"), ("en", "‹answer›")])
def test_a_dog_is_no_password(language: Language, wanted: str) -> None:
    one = call("Wie hieß Ihr erstes Haustier?", "Waldemar.", "Und heute?", "Immer noch Waldemar.")
    found = Masker.of(one, facts((2, "gives", "security_answer")), language=language)
    assert [found.turn(2), found.turn(4)] == [f"{wanted}.", f"Immer noch {wanted}."]


def test_of_two_kinds_neither_is_claimed() -> None:
    one = call("Ja?", "Dackelblick, an der Eiche, 4711.")
    found = Masker.of(one, facts((2, "gives", "password"), (2, "gives", "address"), (2, "gives", "pin")))
    assert found.turn(2) == "‹Angabe›, an der ‹Angabe›, ‹Nummer›."


def test_a_code_like_a_date_is_a_code() -> None:
    found = Masker.of(call("Ja?", "12.12.20"), facts((2, "gives", "one_time_code")))
    assert found.turn(2) == "‹Code›"


def test_a_piece_of_a_number_given_is_masked_however_it_was_written() -> None:
    found = Masker.of(call("Ja?", "8_8_④_7̶_1", "Am Ende 47, ja."), facts((2, "gives", "customer_number")))
    assert [found.turn(2), found.turn(3)] == ["‹Nummer›", "Am Ende ‹Nummer›, ja."]


def test_the_agent_who_says_a_name_in_the_greeting_is_masked_in_the_whole_call() -> None:
    one = call("willkommen bei funkwerk mein name ist äh lindner", "Tach.", "also dann lindner wars")
    found = Masker.of(one, None)
    assert [found.turn(1), found.turn(3)] == [
        "willkommen bei funkwerk mein name ist äh ‹Name›",
        "also dann ‹Name› wars",
    ]


@pytest.mark.parametrize(
    ("greeting", "shown"),
    [
        ("Grüß Sie, Annika Straub von Pfeilnetz.", "Grüß Sie, ‹Name› von Pfeilnetz."),
        ("Eibenfunk, Straub, guten Tag.", "Eibenfunk, ‹Name›, guten Tag."),
        ("Eibenfunk, Annika Straub. Worum geht's?", "Eibenfunk, ‹Name›. Worum geht's?"),
        ("Sie sprechen mit Annika Straub.", "Sie sprechen mit ‹Name›."),
        ("Sie sprechen jetzt mit Straub.", "Sie sprechen jetzt mit ‹Name›."),
        ("Annika Straub mein Name, hallo.", "‹Name› mein Name, hallo."),
        ("Straub am Telefon, moin.", "‹Name› am Telefon, moin."),
        ("Moin, am Telefon ist Straub.", "Moin, am Telefon ist ‹Name›."),
        ("eibenfunk hier ist die annika was kann ich tun", "eibenfunk hier ist die ‹Name› was kann ich tun"),
        ("guten tag annika straub am apparat", "guten tag ‹Name› am apparat"),
        ("hello this is shona on a recorded line", "hello this is ‹Name› on a recorded line"),
        ("Good morning, you're talking to Shona.", "Good morning, you're talking to ‹Name›."),
    ],
)
def test_agents_who_say_who_they_are_are_masked_whatever_introduces_their_name(greeting: str, shown: str) -> None:
    for texts in ([greeting], ["Willkommen!", "Ja?", greeting]):
        assert Masker.of(call(*texts), None).turn(len(texts)) == shown
    # Callers' names are known by the facts.
    later = call("Ja?", "Na, am Telefon sage ich sowas nie. Kreditkarte, Notebook, fertig.")
    assert Masker.of(later, None).turn(2) == later.turn(2).text


def test_what_a_greeting_has_besides_a_name_stays() -> None:
    for text in ("Willkommen bei Eibenfunk, was kann ich für Sie tun?", "Eibenfunk, guten Tag."):
        assert Masker.of(call(text), None).turn(1) == text


def test_an_answer_is_masked_that_was_asked_for_and_missed_by_the_reader() -> None:
    found = Masker.of(call("Die PIN bitte?", "Moment.", "Ja.", "Ja zwei neun."), facts((1, "asks", "pin")))
    assert found.turn(4) == "Ja ‹PIN›."


def test_unsure_facts_count() -> None:
    found = Masker.of(call("Ja?", "acht"), facts((2, "gives", "one_time_code"), probability=0.1))
    assert found.turn(2) == "‹Code›"


def test_names_are_known_in_the_whole_call() -> None:
    one = call("Grüß Gott, Dornbach hier.", "Hier ist Melissa Oyelaran.", "Oyelaran, alles klar.", "Tschüss, Dornbach.")
    found = Masker.of(one, facts((2, "gives", "name")))
    assert [found.turn(number) for number in (1, 2, 3, 4)] == [
        "Grüß Gott, ‹Name› hier.",
        "Hier ist ‹Name›.",
        "‹Name›, alles klar.",
        "Tschüss, ‹Name›.",
    ]


def test_the_agent_of_the_call_is_masked() -> None:
    assert Masker.of(call("ja ich frag mal dornbach", agent="Dornbach"), None).turn(1) == "ja ich frag mal ‹Name›"


def test_a_quote_that_cuts_through_a_number_shows_none_of_it() -> None:
    one = call("Ja?", "Meine Nummer ist 30 71 558, ja")
    found = Masker.of(one, facts((2, "gives", "customer_number")))
    assert found.text("Nummer ist 30 7", 2) == "Nummer ist ‹Nummer›"
    assert found.text("558, ja", 2) == "‹Nummer›, ja"


def test_a_quote_that_is_not_in_its_turn_is_masked_by_what_was_said_there() -> None:
    found = Masker.of(call("Ja?", "Die zwei neun."), facts((2, "gives", "pin")), language="en")
    assert found.text("it's two nine", 2) == "it's ‹PIN›"


def test_a_turn_that_is_not_there_is_empty() -> None:
    assert Masker.of(call("Ja?"), None).turn(7) == ""


def own(word: str, looks_like: LooksLike, strength: Strength = "weak", **more: Any) -> OwnWord:
    mask = {"mask": default_mask(looks_like, strength), **more}
    about = {
        "id": word,
        "name": word,
        "description": f"Was {word} ist.",
        "looks_like": looks_like,
        "strength": strength,
    }
    return OwnWord.model_validate({"kind": "factor", **about, **mask})


@pytest.mark.parametrize(
    ("word", "text", "shown"),
    [
        (own("berth", "letters"), "B siebzehn.", "‹Nummer›."),
        (own("gate_code", "digits", "strong"), "Das ist die 47.", "Das ist die ‹Code›."),
        (own("gate_code", "digits", "strong", mask="PIN"), "Das ist die 47.", "Das ist die ‹PIN›."),
        (own("last_visit", "date"), "Am dritten Mai.", "Am ‹Datum›."),
        (own("harbour_word", "words", "strong"), "Das Wort ist Möwe.", "Das Wort ist ‹Kennwort›."),
        (own("dog", "words", mask="name"), "Der heißt Bello.", "Der heißt ‹Name›."),
        (own("boat", "words"), "Auf der Seeschwalbe.", "Auf der ‹Angabe›."),
    ],
)
def test_values_of_own_factors_are_masked_as_the_policy_says(word: OwnWord, text: str, shown: str) -> None:
    call = Call(id="c", turns=(Turn(speaker="agent", text="Und?"), Turn(speaker="caller", text=text)))
    gives = Event(kind="gives", subject=word.id, turn=2, quote=text)
    facts = Facts(call_id="c", turns=2, events=(gives,), asked_words=(word,))
    assert Masker.of(call, facts).turn(2) == shown


def test_an_own_secret_is_masked_where_it_falls_again_and_where_it_was_only_asked_for() -> None:
    texts = ["Ihr Hafenwort?", "Seeschwalbe.", "Seeschwalbe, danke.", "Und der Platz?", "B 17."]
    turns = tuple(Turn(speaker="caller" if n in (1, 4) else "agent", text=text) for n, text in enumerate(texts))
    words = (own("harbour_word", "words", "strong"), own("berth", "letters"))
    asks = [Event(kind="asks", subject=word.id, turn=turn, quote="") for word, turn in zip(words, (1, 4), strict=True)]
    facts = Facts(call_id="c", turns=5, events=tuple(asks), asked_words=words)
    masker = Masker.of(Call(id="c", turns=turns), facts)
    assert [masker.turn(number) for number in (2, 3, 5)] == ["‹Kennwort›.", "‹Kennwort›, danke.", "‹Nummer›."]


def test_the_policy_of_today_says_how_an_own_word_is_masked() -> None:
    call = Call(id="c", turns=(Turn(speaker="caller", text="Die 47."),))
    facts = Facts(
        call_id="c",
        turns=1,
        events=(Event(kind="gives", subject="code", turn=1, quote="Die 47."),),
        asked_words=(own("code", "digits"),),
    )
    assert Masker.of(call, facts).turn(1) == "Die ‹Nummer›."
    assert Masker.of(call, facts, own=(own("code", "digits", mask="PIN"),)).turn(1) == "Die ‹PIN›."
