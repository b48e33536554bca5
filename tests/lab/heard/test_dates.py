"""A date is found however it is said, and another one is not."""

import datetime

import pytest
from babel.dates import format_date
from evals.lab.heard.canonical import tokens_of
from evals.lab.heard.dates import date_digits, says_date
from hypothesis import given
from hypothesis import strategies as st


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
def test_said(text: str, date: str) -> None:
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
def test_not_said(text: str, date: str) -> None:
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


def test_digits_of_dates() -> None:
    assert date_digits(tokens_of("achter Januar 1970")) == "080170"
