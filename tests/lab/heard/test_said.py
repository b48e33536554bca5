"""The values of the spoken golden set are read, and each can be found in the text that says it."""

from pathlib import Path

import pytest
from evals.lab.heard import read_spoken
from evals.lab.heard.matching import says

from ausweis.errors import InputError
from ausweis.evals import read_all

EVALS = Path(__file__).parents[3] / "evals"


def test_each_value_of_the_golden_set_is_in_its_turns_and_by_one_speaker() -> None:
    spoken = read_spoken(EVALS / "spoken.jsonl")
    files = [EVALS / "golden" / f"{name}.jsonl" for name in sorted({call.set for call in spoken.values()})]
    labelled = {one.call.id: one.call for one in read_all(files)}
    wrong = []
    for call in spoken.values():
        written = labelled[call.call]
        for value in call.values:
            turns = [written.turn(number) for number in value.turns]
            exact, _ = says(" ".join(turn.text for turn in turns), value, written.language)
            if not exact or len({turn.speaker for turn in turns}) > 1:
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
