"""How much of the personal data in labelled calls is masked: a floor under it."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ausweis.labelled import LabelledCall, gold_facts, read_all
from ausweis.masking import Masker, mask
from ausweis.spoken import digits_in
from ausweis.vocabulary import WITH_DIGITS

GOLDEN = Path(__file__).parents[2] / "evals" / "golden"
SHOWN = {
    "name": ("‹Name›", "‹name›"),
    "password": ("‹Kennwort›", "‹password›"),
    "security_answer": ("‹Antwort›", "‹answer›"),
    "address": ("‹Adresse›", "‹address›"),
    "email": ("‹E-Mail›", "‹e-mail›"),
}


@cache
def calls() -> list[LabelledCall]:
    return read_all([GOLDEN / "dev.jsonl", GOLDEN / "test.jsonl"])


def given() -> Iterator[tuple[LabelledCall, Masker, int, set[str]]]:
    """Each turn in which values are said, and the factors of them."""
    for one in calls():
        masker = Masker.of(one.call, gold_facts(one))
        turns = {event.turn for event in one.gold.events if event.kind in ("gives", "reads_out")}
        for turn in sorted(turns):
            yield one, masker, turn, {str(event.subject) for event in one.gold.events if event.turn == turn}


def test_of_digits_that_facts_know_of_none_is_left() -> None:
    said = left = 0
    for one, masker, turn, subjects in given():
        if subjects & WITH_DIGITS:
            said += len(digits_in(one.call.turn(turn).text))
            left += len(digits_in(masker.turn(turn)))
    assert said > 1000
    assert 1 - left / said >= 0.995


def test_most_digits_are_found_by_the_text_alone() -> None:
    said = left = 0
    for one, _, turn, subjects in given():
        if subjects & WITH_DIGITS:
            text = one.call.turn(turn).text
            said += len(digits_in(text))
            left += len(digits_in(mask(text, language=one.call.language)))
    assert 1 - left / said >= 0.92


@pytest.mark.parametrize("factor", SHOWN)
def test_words_that_identify_are_found_where_facts_say_that_they_fell(factor: str) -> None:
    found = Counter(
        any(shown in masker.turn(turn) for shown in SHOWN[factor])
        for one, masker, turn, _ in given()
        if any(event.turn == turn and event.subject == factor for event in one.gold.events if event.kind != "asks")
    )
    assert found[True] / found.total() >= (0.95 if factor != "security_answer" else 0.9)


def test_most_of_a_call_stays_readable() -> None:
    """Masking everything would pass the tests above."""
    words = kept = 0
    for one in calls():
        masker = Masker.of(one.call, gold_facts(one))
        for number, turn in enumerate(one.call.turns, start=1):
            words += len(turn.text.split())
            kept += sum(1 for word in masker.turn(number).split() if "‹" not in word)
    assert kept / words >= 0.85
