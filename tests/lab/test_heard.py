"""Values are found where they were said, however they are said; and what went wrong is named."""

import datetime
from pathlib import Path

import pytest
from babel.dates import format_date
from evals.lab.heard import (
    SaidValue,
    ValueKind,
    digits_of,
    folded,
    koelner,
    letters_of,
    read_spoken,
    says,
    says_date,
    signs_of,
    sound_alike,
    spelled_in,
    tokens_of,
    words_between,
)
from hypothesis import given
from hypothesis import strategies as st

from ausweis.calls.call import Call, SpokenWord, Turn
from ausweis.errors import InputError
from ausweis.labelled import read_all
from ausweis.vocabulary import Language, Speaker

EVALS = Path(__file__).parents[2] / "evals"


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("vier sieben eins", "471"),
        ("4 7 1", "471"),
        ("471-1", "4711"),
        ("471", "471"),
        ("zwo null acht", "208"),
        ("einundsechzig", "61"),
        ("ein und sechzig", "61"),
        ("einund sechzig", "61"),
        ("neunzehnhunderteinundsechzig", "1961"),
        ("neun zehn hundert ein und sechzig", "1961"),
        ("neunzehnhundert einundsechzig", "1961"),
        ("zweitausend vier", "2004"),
        ("zwei tausend vier", "2004"),
        ("tausend zweihundert vier", "1204"),
        ("achtzig null fünf zwo zwo sechs", "8005226"),
        ("drei zehnten", "13"),
        ("vier und zwanzig", "24"),
        ("dreißig drei drei", "3033"),
        ("dreissig", "30"),
        ("double four double seven", "4477"),
        ("double eight two", "882"),
        ("oh four double seven three nine", "0477" + "39"),
        ("five oh one", "501"),
        ("four one seven seven", "4177"),
        ("sixty-five", "65"),
        ("nineteen sixty one", "1961"),
        ("3 und 20", "23"),
        ("siebter dritter 5 und 50", "7355"),
        ("13 und 20", "1320"),
        ("1.285", "1285"),
        ("fünf, und zwanzig", "520"),
        ("eine Frau, ein Mann", ""),
        ("und so weiter", ""),
        ("the one by the mall", ""),
        ("oh no", ""),
        ("", ""),
    ],
)
def test_digits(text: str, digits: str) -> None:
    assert digits_of(tokens_of(text)) == digits


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("G, F, vier null neun acht", "gf4098"),
        ("it is one e s y eleven", "itis1esy11"),
        ("1 ESY 11", "1esy11"),
        ("three l g z double oh seven one", "3lgz0071"),
        ("double L, O", "llo"),
        ("6PB", "6pb"),
    ],
)
def test_letters_and_digits(text: str, letters: str) -> None:
    assert letters_of(tokens_of(text)) == letters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "mueller"),
        ("Straße", "STRASSE"),
        ("Yildiz-Maurer", "Yildiz Maurer"),
        ("Yıldız", "yildiz"),
        ("Café", "cafe"),
        ("Mu\u0308ller", "Müller"),
    ],
)
def test_folded_alike(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("bur stein be u er es zett te ypsilon en", ["bursztyn"]),
        ("B-U-R-S-Z-T-Y-N, bitte", ["bursztyn"]),
        ("Tulloch. T, U, double L, O, C, H. Shetland", ["tulloch"]),
        ("Y, I, L, D, I, Z, die I ohne Punkt", ["yildiz"]),
        ("er ist da", []),
        ("a", []),
    ],
)
def test_spelled(text: str, runs: list[str]) -> None:
    assert list(spelled_in(tokens_of(text))) == runs


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s.thuermer90@example.de", "s.thuermer90@example.de"),
        ("s punkt thuermer neunzig at example punkt de", "s.thuermer90@example.de"),
        ("jago dot pots at seasalt mail dot example", "jago.pots@seasaltmail.example"),
        ("amanda unterstrich hallig at watt minus post punkt de", "amanda_hallig@watt-post.de"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert signs_of(text) == address


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_digits_said_one_by_one_are_those_written(digits: list[int]) -> None:
    german = "null eins zwei drei vier fünf sechs sieben acht neun".split()
    written = "".join(map(str, digits))
    assert digits_of(tokens_of(" ".join(german[digit] for digit in digits))) == written
    assert digits_of(tokens_of(written)) == written


@given(st.text(max_size=60))
def test_any_text_has_a_form_and_it_is_stable(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    for token in tokens_of(text):
        assert token.digits == "" or token.digits.isdigit()


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("neunter elfter sechsundachtzig", "1986-11-09"),
        ("am neunzehnten fünften dreiund fünfzig", "1953-05-19"),
        ("erster erster neun zehn hundert acht und fünfzig", "1958-01-01"),
        ("Dritter Februar neunzehnhundert … warten Sie, steht auf Medikamentenplan … achtunddreißig.", "1938-02-03"),
        ("28. Januar 1990", "1990-01-28"),
        ("28.01.1990", "1990-01-28"),
        ("28.1.90", "1990-01-28"),
        ("28011990", "1990-01-28"),
        ("280190", "1990-01-28"),
        ("Erster Juli '79", "1979-07-01"),
        ("der neunundzwanzigste Februar vierundachtzig", "1984-02-29"),
        ("Fourteenth of August, ninety-one", "1991-08-14"),
        ("ninth of august two thousand and four", "2004-08-09"),
        ("June 2nd, '91", "1991-06-02"),
        ("ninth of august twenty oh four", "2004-08-09"),
        ("zweiter dritter zweitausend vier", "2004-03-02"),
        ("am vierzehnten März, mit der ganzen Bagage", "--03-14"),
    ],
)
def test_dates_said(text: str, date: str) -> None:
    assert says_date(tokens_of(text), date)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("neunter elfter sechsundachtzig", "1968-11-09"),
        ("neunter elfter sechsundachtzig", "1986-12-09"),
        ("neunter elfter sechsundachtzig", "1986-11-19"),
        ("28. Januar", "1990-01-28"),
        ("8. Januar 1990", "1990-01-28"),
        ("28. Januar 19", "1990-01-28"),
        ("Januar neunzig", "1990-01-28"),
        ("2. Juni 2091", "1991-06-02"),
        ("am vierzehnten Mai", "--03-14"),
        ("", "1990-01-28"),
    ],
)
def test_dates_not_said(text: str, date: str) -> None:
    assert not says_date(tokens_of(text), date)


@given(st.dates(datetime.date(1920, 1, 1), datetime.date(2015, 12, 31)), st.sampled_from(["de", "en"]))
def test_written_dates_are_found_and_no_neighbour_is(date: datetime.date, language: str) -> None:
    for style in ("long", "d. M. yyyy"):
        tokens = tokens_of(format_date(date, style, locale=language))
        assert says_date(tokens, date.isoformat())
        assert not says_date(tokens, (date + datetime.timedelta(days=1)).isoformat())


def test_what_is_no_date_is_refused() -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        says_date(tokens_of("heute"), "1990")


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Müller-Lüdenscheidt", "65752682"),
        ("Wikipedia", "3412"),
        ("Breschnew", "17863"),
        ("Heinz Classen", "068586"),
        ("Meyer", "67"),
        ("Xaver", "4837"),
        ("Phillip", "351"),
        ("", ""),
    ],
)
def test_koelner(word: str, code: str) -> None:
    assert koelner(word) == code


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Meier", "Mayr", "de"),
        ("Kowalczyk", "kowaltschik", "de"),
        ("Degenhart", "Degenhardt", "de"),
        ("Philipp", "Filip", "de"),
        ("Thürmer", "Türmer", "de"),
        ("kittiwake", "kittywake", "en"),
        ("Okonjo", "okonjo", "en"),
        ("Katherine", "Catherine", "en"),
    ],
)
def test_sounds_alike(one: str, other: str, language: Language) -> None:
    assert sound_alike(one, other, language)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Wrona", "vorne", "de"),
        ("Tulloch", "Pollock", "en"),
        ("Minka", "Mika", "de"),
        ("Brombeere", "Himbeere", "de"),
        ("", "a", "de"),
    ],
)
def test_does_not_sound_alike(one: str, other: str, language: Language) -> None:
    assert not sound_alike(one, other, language)


@given(st.text(max_size=20))
def test_each_word_has_a_code(word: str) -> None:
    assert koelner(word) == "" or koelner(word).isdigit()
    assert sound_alike(word, word.upper().lower(), "de") or word.upper().lower() != word


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
    assert says(heard, value(kind, said), language)


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
    assert says(heard, value(kind, said), language)


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
    assert not says(heard, value(kind, said), "de")


def test_pieces_come_in_their_order() -> None:
    corrected = value("number", "40711936", "407", "119", "36")
    assert says("407, dann 119, dann 38, nee, 36", corrected, "de")
    assert not says("36, 119, 407", corrected, "de")


TURNS: tuple[tuple[Speaker, float, str], ...] = (
    ("agent", 0, "Ihre Kundennummer?"),
    ("caller", 4, "vier sieben eins acht"),
    ("agent", 8, "Danke."),
    ("caller", 30, "drei drei drei drei"),
)


@pytest.mark.parametrize(
    ("said", "span", "speaker", "right"),
    [
        ("4718", (4, 7), "caller", True),
        ("4719", (4, 7), "caller", False),
        ("4718", (12, 20), "caller", False),
        ("4718", (60, 62), "caller", False),
        ("4718", (8, 8.5), "agent", False),
    ],
)
def test_a_value_is_looked_for_in_its_time_and_said_by_its_speaker(
    said: str, span: tuple[float, float], speaker: Speaker, right: bool
) -> None:
    call = Call(id="x", turns=tuple(Turn(speaker=who, start=at, end=at + 3, text=text) for who, at, text in TURNS))
    assert says(words_between(call, [span], speaker), value("number", said), "de") is right
    assert not says(words_between(None, [span], speaker), value("number", said), "de")


def test_each_value_of_the_golden_set_is_in_its_turns_and_by_one_speaker() -> None:
    spoken = read_spoken(EVALS / "spoken.jsonl")
    files = [EVALS / "golden" / f"{name}.jsonl" for name in sorted({call.set for call in spoken.values()})]
    labelled = {one.call.id: one.call for one in read_all(files)}
    wrong = []
    for call in spoken.values():
        written = labelled[call.call]
        for value in call.values:
            turns = [written.turn(number) for number in value.turns]
            said = says(" ".join(turn.text for turn in turns), value, written.language)
            if not said or len({turn.speaker for turn in turns}) > 1:
                wrong.append((call.call, value.value))
    assert wrong == []
    assert sum(len(call.values) for call in spoken.values()) >= 150


@pytest.mark.parametrize("line", ['{"call": "a"}', "[]", "{", '{"call": "a", "set": "dev", "values": [{"turns": []}]}'])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "spoken.jsonl"
    file.write_text(f'{{"call": "x", "set": "dev"}}\n{line}\n')
    with pytest.raises(InputError) as error:
        read_spoken(file)
    assert error.value.place == f"{file}:2"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_spoken(tmp_path / "none.jsonl")


def test_words_with_times_of_their_own_are_found_alone() -> None:
    words = tuple(SpokenWord(text=text, start=at, end=at + 0.5, probability=1) for text, at in (("ja", 1), ("nein", 9)))
    call = Call(id="x", turns=(Turn(speaker="caller", start=1, end=9.5, text="ja nein", words=words),))
    assert words_between(call, [(0, 2)], "caller") == "ja"
    without = Call(id="x", turns=(Turn(speaker="caller", start=1, end=9.5, text="ja nein"),))
    assert words_between(without, [(5, 6)], "caller") == "ja nein"
    assert words_between(without, [(12, 13)], "caller") == ""


def test_where_nobody_is_told_apart_all_are_heard_from_anybody_in_order_of_time() -> None:
    turns = [("caller", 3, "zwei"), ("agent", 2, "ja"), ("caller", 0, "eins")]
    known, unknown = (
        Call(
            id="x", turns=tuple(Turn(speaker=who or side, start=at, end=at + 1, text=text) for side, at, text in turns)
        )
        for who in (None, "unknown")
    )
    assert words_between(known, [(0, 4)], "caller") == "eins zwei"
    assert words_between(unknown, [(0, 4)], "caller") == "eins ja zwei"
