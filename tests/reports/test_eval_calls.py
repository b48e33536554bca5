"""What the page of an eval marks at the turns of a call."""

import pytest
from tests.judging.own_policies import marina
from tests.reports.eval_runs import case, findings, labelled

from ausweis.reports.eval_calls import chips_of
from ausweis.vocabulary import KNOWN_WORDS, Vocabulary


@pytest.mark.parametrize(
    ("word", "known", "kind"),
    [
        ("contact_change", KNOWN_WORDS, "change"),
        ("contact_data", KNOWN_WORDS, "disclosure"),
        ("key_change", marina().vocabulary, "change"),
        ("berth_data", marina().vocabulary, "disclosure"),
    ],
)
def test_an_action_is_marked_by_its_kind(word: str, known: Vocabulary, kind: str) -> None:
    told = findings("compliant", actions=[f"{word}@3"])
    (chip,) = chips_of(case(labelled("a"), told), known)[3]
    assert (chip.kind, chip.word, chip.state) == (kind, word, "invented")
