"""What an adapter is learned from: which calls are refused, cut and left out."""

from pathlib import Path

import pytest
from tests.evals.cases import asked, labelled
from tests.training.small import calls, told

from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.training.adapter_calls import rounds_of

pytestmark = pytest.mark.training


def test_whole_writing_passes_are_left_out(tmp_path: Path) -> None:
    found = told(tmp_path)
    assert {call.labelled.gold.writing_pass for call in found.left_out} == {"3"}
    assert len(found.learned) == 12
    assert found.labels == ("asks", "tells", "gives", "asks pin", "tells contract data", "gives pin")
    assert found.learned[1].labels.tolist() == [[1, 0, 0, 1, 0, 0], [0, 0, 1, 0, 0, 1], [0, 1, 0, 0, 1, 0]]


def test_a_long_call_is_learned_from_its_beginning(tmp_path: Path) -> None:
    whole, short = told(tmp_path).learned[0], told(tmp_path, tokens=45).learned[0]
    assert len(short.lengths) < len(whole.lengths)
    assert short.tokens <= 45
    assert len(short.labels) == len(short.lengths) == len(short.chunks)
    assert (short.states() == whole.states()[: short.tokens]).all()


def test_a_step_holds_so_many_tokens_and_a_round_all_calls(tmp_path: Path) -> None:
    found = told(tmp_path).learned
    rounds = rounds_of(found, 3, 120)
    for steps in rounds:
        assert sorted(place for step in steps for place in step) == list(range(len(found)))
        assert all(sum(found[place].tokens for place in step) <= 120 for step in steps)
    assert rounds[0] != rounds[1]
    assert rounds == rounds_of(found, 3, 120)


def alike(number: int) -> LabelledCall:
    return labelled(str(number), "A: Guten Tag.", "C: Ja.", writing_pass=str(number))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (calls(1), "from two calls at least"),
        ([alike(number) for number in range(8)], "the calls teach nothing"),
        ([asked(str(number), str(number)) for number in range(8)], "the calls teach nothing"),
    ],
)
def test_calls_that_teach_nothing_are_refused(given: list[LabelledCall], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        told(tmp_path, given)
