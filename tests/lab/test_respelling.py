"""German words as the voices must get them."""

import pytest
from evals.lab.spoken.respelling import respelled


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ihre Service-PIN, bitte.", "Ihre Sörwis Pinn, bitte."),
        ("PIN-Code und TAN", "Pinn Code und Tann"),
        ("Kundenservice", "KundenSörwis"),
        ("zehn Gigabyte, mhm", "zehn Gigabeit, hm hm"),
        ("Tante Simone spinnt", "Tante Simone spinnt"),
    ],
)
def test_only_those_words(written: str, read: str) -> None:
    assert respelled(written) == read
