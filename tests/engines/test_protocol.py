import pytest
from pydantic import ValidationError

from ausweis.engines.protocol import Message, Request, Result, UnsureToken


def test_certainty_of_a_part_of_a_text() -> None:
    """Places are characters of the text and bytes of its tokens: `ü` is two."""
    result = Result(text="über uns", unsure=(UnsureToken(0, 3, 0.5), UnsureToken(3, 6, 0.25), UnsureToken(6, 9, 0.1)))
    assert result.certainty(0, 1) == 0.5
    assert result.certainty(1, 3) == 0.5 * 0.25
    assert result.certainty(5, 8) == 0.1
    assert result.certainty(0, 0) == 1.0
    assert Result(text="über uns", unsure=()).certainty(0, 8) == 1.0
    assert Result(text="über uns").certainty(0, 8) is None


def test_a_token_needs_a_probability() -> None:
    with pytest.raises(ValidationError):
        Result.model_validate({"text": "a", "unsure": [[0, 1, 1.5]]})


def test_asking_how_sure_it_is_changes_no_key() -> None:
    """Whether it is told does not change the answer."""
    plain = Request(messages=(Message(role="user", content="?"),), json_schema={})
    assert plain.key("0") == plain.model_copy(update={"unsure": True}).key("0")
