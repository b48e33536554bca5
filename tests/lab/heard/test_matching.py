"""A value is found where it was said, and what went wrong is named."""

import pytest
from evals.lab.heard import Problem, SaidValue, Transcript, ValueKind, find_value
from evals.lab.heard.matching import says

from ausweis.calls.call import Call, Turn
from ausweis.vocabulary import Language, Speaker


def value(kind: ValueKind, text: str, *pieces: str) -> SaidValue:
    return SaidValue(turns=(1,), factor="x", kind=kind, value=text, pieces=pieces)


@pytest.mark.parametrize(
    ("kind", "said", "heard", "language"),
    [
        ("number", "8005226", "sicher 80 05226", "de"),
        ("number", "8005226", "achtzig null fünf zwo zwo sechs", "de"),
        ("number", "gf409816", "GF 4098-16", "de"),
        ("number", "1esy11047739", "it is 1ESY11 047739", "en"),
        ("date", "1986-11-09", "9.11.86", "de"),
        ("name", "Katarzyna Kowaltschik", "kowal tschik katarzyna", "de"),
        ("name", "Yildiz-Maurer", "Hier ist Yildizmaurer.", "de"),
        ("name", "Sabine Thürmer", "Sabine Thuermer", "de"),
        ("password", "Bonnie Kathleen", "It's Bonnie Kathleen", "en"),
        ("street", "Am Mühlenbach 17", "am mühlen bach siebzehn in fünf drei", "de"),
        ("street", "41 Lorne Street", "Flat A, 41 Lorne Street", "en"),
        ("street", "Lange Gasse", "in der Langegasse", "de"),
        ("spelled", "Nowotny", "Mit Y hinten. N-O-W-O-T-N-Y.", "de"),
        ("spelled", "Nowotny", "Nowotny", "de"),
        ("mail", "martin.crab@example.com", "martin dot crab at example dot com", "en"),
    ],
)
def test_exactly(kind: ValueKind, said: str, heard: str, language: Language) -> None:
    assert says(heard, value(kind, said), language) == (True, True)


@pytest.mark.parametrize(
    ("kind", "said", "heard", "language"),
    [
        ("name", "Degenhart", "degen hardt hier", "de"),
        ("name", "Kowalczyk", "kowal tschik", "de"),
        ("street", "Am Mühlenbach 17", "Am Mülenbach 17", "de"),
        ("password", "Kittiwake", "it's kitty wake", "en"),
        ("spelled", "Tulloch", "Tullock. T, U, L, O, C, H", "en"),
        ("mail", "martin.crab@example.com", "marten dot crabb at example dot com", "en"),
    ],
)
def test_by_sound(kind: ValueKind, said: str, heard: str, language: Language) -> None:
    assert says(heard, value(kind, said), language) == (False, True)


@pytest.mark.parametrize(
    ("kind", "said", "heard"),
    [
        ("number", "8005226", "80 05 2 66"),
        ("number", "gf409816", "409816"),
        ("name", "Sabine Thürmer", "Sabine Werner"),
        ("street", "Am Mühlenbach 17", "Am Mühlenbach 70"),
        ("street", "Am Mühlenbach 17", "17 am siebten im Mühlenbach"),
        ("mail", "s.thuermer90@example.de", "s punkt thuermer 19 at example punkt de"),
    ],
)
def test_not_at_all(kind: ValueKind, said: str, heard: str) -> None:
    assert says(heard, value(kind, said), "de") == (False, False)


def test_pieces_come_in_their_order() -> None:
    corrected = value("number", "40711936", "407", "119", "36")
    assert says("407, dann 119, dann 38, nee, 36", corrected, "de")[0]
    assert not says("36, 119, 407", corrected, "de")[0]


TURNS: tuple[tuple[Speaker, float, str], ...] = (
    ("agent", 0, "Ihre Kundennummer?"),
    ("caller", 4, "vier sieben eins acht"),
    ("agent", 8, "Danke."),
    ("caller", 30, "drei drei drei drei"),
)


@pytest.mark.parametrize(
    ("said", "span", "problem"),
    [
        ("4718", (4, 7), None),
        ("4719", (4, 7), "digit wrong"),
        ("47128", (4, 7), "digit dropped"),
        ("478", (4, 7), "digit added"),
        ("4718", (12, 20), "other time"),
        ("4718", (60, 62), "nothing heard"),
        ("4718", (8, 8.5), "other speaker"),
    ],
)
def test_problems_of_numbers(said: str, span: tuple[float, float], problem: Problem | None) -> None:
    call = Call(id="x", turns=tuple(Turn(speaker=who, start=at, end=at + 3, text=text) for who, at, text in TURNS))
    speaker: Speaker = "agent" if problem == "other speaker" else "caller"
    finding = find_value(value("number", said), [span], speaker, Transcript.of(call), "de")
    assert (finding.right, finding.problem) == (problem is None, problem)


@pytest.mark.parametrize(
    ("kind", "said", "heard", "problem"),
    [
        ("number", "4718", "wir sehen uns", "words for digits"),
        ("number", "4718", "471 918", "digit added"),
        ("number", "4718", "47 2 55 18", "split"),
        ("number", "4718", "4 7 1", "digit dropped"),
        ("date", "1986-11-09", "neunter zwölfter 86", "digit wrong"),
        ("date", "1986-11-09", "neunter November", "digit dropped"),
        ("name", "Degenhart", "Regen ist hart", "other words"),
    ],
)
def test_problems(kind: ValueKind, said: str, heard: str, problem: Problem) -> None:
    call = Call(id="x", turns=(Turn(speaker="caller", start=0, end=3, text=heard),))
    finding = find_value(value(kind, said), [(0, 3)], "caller", Transcript.of(call), "de")
    assert (finding.right, finding.problem, finding.heard) == (False, problem, heard)
