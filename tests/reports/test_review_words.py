from datetime import date

import pytest

from ausweis.reports import review_words
from ausweis.reports.review_words import day_in_words, number, share


@pytest.mark.parametrize("name", ["OUTCOMES", "SEVERITIES", "STATES", "TEXTS"])
def test_both_languages_say_the_same(name: str) -> None:
    words = getattr(review_words, name)
    assert set(words["de"]) == set(words["en"])


def test_days_and_numbers_as_each_language_writes_them() -> None:
    day = date(2026, 3, 2)
    assert (day_in_words(day, "de"), day_in_words(day, "en")) == ("Montag, 2. März 2026", "Monday, 2 March 2026")
    assert (number(1234.5, "de", 1), number(1234.5, "en", 1)) == ("1.234,5", "1,234.5")
    assert [share(one, "en") for one in (0, 0.019, 0.05, 0.0996, 0.234, 1)] == [
        "0%",
        "1.9%",
        "5%",
        "10%",
        "23%",
        "100%",
    ]
    assert share(0.019, "de") == "1,9\u00a0%"
