import pytest

from ausweis.serve.language import language_of


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "de-DE,de;q=0.9,en;q=0.8", "de"),
        (None, "en;q=0.2,de;q=0.9", "de"),
        ("en", "de", "en"),
        ("fr", "de", "de"),
        (None, "fr;q=x, ;q=, de;q=0.1", "de"),
        (None, "," * 10_000, "en"),
    ],
)
def test_the_language_is_the_chosen_or_the_browsers(chosen: str | None, accepted: str, language: str) -> None:
    assert language_of(chosen, accepted) == language
