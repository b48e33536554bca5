"""Recorded answers hold words of a call where they quote it, or have twelve letters in a row of it."""

import json

import pytest

from ausweis.store.quoting import Quotable

WORDS = "Guten Tag, hier spricht Ilse Krummbiegel.\nMeine PIN ist 000077, ja?"


def line(answer: object, **more: object) -> bytes:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return json.dumps({"key": "0" * 64, "result": {"text": text, **more}}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        {"quote": "Meine PIN ist 000077"},
        {"quote": "meine  PIN\nist 000077 ,"},
        {"quote": "hier spricht Ilse Krummbiegel aus Köln"},
        {"violations": [{"turn": 2, "quote": "ja"}]},
        {"quote": "tag.\nHIER"},
        {"reasoning": "Der Anrufer sagt „meine PIN ist 000077“, das genügt."},
        {"reasoning": "Frau Krummbiegel ruft an. Meine Güte.", "quote": "Ilse"},
        "Meine PIN ist 000077, ja?",
        "spricht Ilse Krumm",
    ],
)
def test_words_of_the_call(answer: object) -> None:
    assert Quotable([WORDS]).is_in(line(answer))


@pytest.mark.parametrize(
    "answer",
    [
        {"quote": "Mei"},
        {"quote": ""},
        {"quote": "Ihre PIN stimmt, Herr Zwetschge"},
        {"reasoning": "ja", "outcome": "compliant"},
        {"reasoning": "Ilse und PIN und Tag, sonst nichts davon."},
        {"caller": "account_holder", "violations": []},
        "gives pin",
        "ja",
        ["ja", 7, None],
    ],
)
def test_no_words_of_the_call(answer: object) -> None:
    assert not Quotable([WORDS]).is_in(line(answer))


def test_a_choice_holds_no_word_of_a_call() -> None:
    said = Quotable(["She asks date of birth and all."])
    assert said.is_in(line("asks date of birth"))
    assert not said.is_in(line("asks date of birth", probabilities=[0.9, 0.1]))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"result": 7}', b'{"result": []}', b'{"result": {"text": 7}}'])
def test_what_is_no_answer_is_left(data: bytes) -> None:
    assert not Quotable([WORDS]).is_in(data)


def test_many_calls_are_compared_a_portion_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ausweis.store.quoting._AT_ONCE", 100)
    calls = [f"der Satz mit der Nummer {number} und mehr" for number in range(20)]
    portions = list(Quotable.portions(calls))
    assert 5 < len(portions) < 20
    for answer in ("Nummer 0 und mehr", "nummer 19 und mehr"):
        assert any(said.is_in(line(answer)) for said in portions)
    assert len(list(Quotable.portions([]))) == 1
