"""A failure says where, why, and whether its call was read from its file."""

from typing import get_args

import pytest

from ausweis.calls import UnreadableCall
from ausweis.calls.failure import Failure, FailureKind
from ausweis.errors import AusweisError, ContextError, EngineError, InputError, PromptError

SECRET = "Zwetschgendatschi"


def test_a_call_that_cannot_be_read_is_told_as_it_is() -> None:
    failure = Failure.unreadable(UnreadableCall("calls/x.csv:3", "x", "the call has no turns", "empty"))
    assert (failure.place, failure.call_id, failure.kind) == ("calls/x.csv:3", "x", "empty")
    assert (failure.message, failure.was_read) == ("the call has no turns", False)


@pytest.mark.parametrize(
    ("error", "kind"),
    [(EngineError("no answer"), "engine"), (ContextError("too long"), "context"), (PromptError("no {turn}"), "prompt")],
)
def test_what_is_known_keeps_its_sentence(error: AusweisError, kind: FailureKind) -> None:
    error.place = "http://x"
    failure = Failure.of(error, "call-1")
    assert (failure.kind, failure.message, failure.place) == (kind, error.message, "http://x")
    assert failure.was_read


@pytest.mark.parametrize("error", [KeyError(SECRET), InputError(SECRET)])
def test_of_what_is_unforeseen_only_the_type_is_told(error: Exception) -> None:
    failure = Failure.of(error, "call-1")
    assert (failure.kind, failure.was_read) == ("internal", True)
    assert type(error).__name__ in failure.message
    assert SECRET not in failure.message


@pytest.mark.parametrize("kind", get_args(FailureKind))
def test_without_a_call_nothing_was_read(kind: FailureKind) -> None:
    assert not Failure(kind=kind, message="x").was_read


@pytest.mark.parametrize(
    ("place", "file", "is_in"),
    [
        ("/calls/a.json", "/calls/a.json", True),
        ("/calls/a.csv:12", "/calls/a.csv", True),
        ("/calls/a.json[3]", "/calls/a.json", True),
        ("/calls/a.jsonl:7[3]", "/calls/a.jsonl", True),
        ("/calls/a.json", "/calls/b.json", False),
        ("/calls/a.json.bak", "/calls/a.json", False),
        ("/calls/12:30", "/calls/12:30", True),
        (None, "/calls/a.json", True),
    ],
)
def test_the_file_that_a_place_is_in(place: str | None, file: str, is_in: bool) -> None:
    assert Failure(place=place, kind="format", message="x").is_in({file}) is is_in
