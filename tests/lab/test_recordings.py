"""What is measured on folders of spoken calls: word errors, values, the right speaker."""

import json
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from benchmarks.recordings import __main__ as command
from benchmarks.recordings import hear
from benchmarks.recordings.material import Spoken, spoken_calls
from benchmarks.recordings.scores import errors_of, found_values, scores_of
from benchmarks.recordings.tables import aligned, hearing_rows, kind_rows
from benchmarks.recordings.ways import Heard
from benchmarks.recordings.word_errors import made_alike
from click.testing import CliRunner

from ausweis.calls.call import Call, Turn
from ausweis.vocabulary import Language, Side

CALL = "dev-040"
"""A German call with a name, a date without its year, and a number in the golden set."""


@pytest.mark.parametrize(
    ("said", "heard", "language"),
    [
        ("achtzig null fünf zwo zwo sechs", "80 05226", "de"),
        ("die Kundennummer", "die kunden nummer", "de"),
        ("das fest netz telefon", "Das Festnetztelefon.", "de"),
        ("Grüße, Frau Müller", "gruesse frau mueller", "de"),
        ("Das, äh, heißt Wellensittich", "Das heisst Wellen Sittich", "de"),
        ("neunzehn hundert acht und fünfzig", "1958", "de"),
        ("vierunddreißig Euro", "34€", "de"),
        ("I'm the carer, it's twenty-one", "i am the carer it is 21", "en"),
        ("my pass word", "my password", "en"),
        ("", "", "de"),
    ],
)
def test_the_same_words_have_no_errors(said: str, heard: str, language: Language) -> None:
    one, other = made_alike(said, heard, language)
    assert one == other


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("achtzig null fünf", "80 06"),
        ("schon gut", "schön gut"),
        ("ein Haus", "ein Haus steht"),
        ("acht und sieben", "achtundsiebzig"),
    ],
)
def test_other_words_stay_other_words(said: str, heard: str) -> None:
    one, other = made_alike(said, heard, "de")
    assert one != other


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one call: each turn has two seconds."""
    lines = (Path(__file__).parents[2] / "evals/golden/dev.jsonl").read_text(encoding="utf-8").splitlines()
    (call,) = (row["call"] for row in map(json.loads, lines) if row["call"]["id"] == CALL)
    turns = [
        {"turn": number, "speaker": turn["speaker"], "start": 2.0 * number, "end": 2.0 * number + 1.9} | turn
        for number, turn in enumerate(call["turns"], start=1)
    ]
    truth = {"call_id": CALL, "language": "de", "seconds": 2.0 * len(turns) + 4, "turns": turns}
    (tmp_path / f"{CALL}.truth.json").write_text(json.dumps(truth), encoding="utf-8")
    (tmp_path / f"{CALL}.wav").write_bytes(b"")
    return tmp_path


def heard_as(call: Spoken, turns: Sequence[Turn]) -> Heard:
    document = Call(id=call.id, language="de", turns=tuple(turns))
    return Heard({call.id: document}, {call.id: "de"}, seconds=5.0, sound=20.0, mib=600.0)


def test_a_folder_has_its_calls_with_labels_and_values(folder: Path) -> None:
    (call,) = spoken_calls(folder)
    assert (call.id, call.language, call.policy) == (CALL, "de", "telecom-de")
    assert [path.name for path in call.files] == [f"{CALL}.wav"]
    assert call.spans(call.values[0]) == [(4.0, 5.9)]
    assert spoken_calls(folder, [CALL]) == [call]
    with pytest.raises(FileNotFoundError, match="no spoken calls"):
        spoken_calls(folder, ["other"])


def test_what_was_heard_as_it_was_said_is_right(folder: Path) -> None:
    calls = spoken_calls(folder)
    heard = heard_as(calls[0], calls[0].said)
    found = found_values(calls, heard.calls)
    scores = scores_of(calls, heard, found)
    assert scores["wer"]["de"]["value"] == 0
    assert scores["wer"]["en"] == {"value": None, "words": 0}
    assert (scores["values"]["all"]["value"], scores["values"]["all"]["n"]) == (1.0, 3)
    assert scores["roles"]["value"] == 1.0
    assert scores["real_time"] == 0.25
    assert errors_of(found) == []


def test_swapped_sides_and_wrong_digits_are_counted(folder: Path) -> None:
    calls = spoken_calls(folder)
    swapped: dict[str, Side] = {"agent": "caller", "caller": "agent"}
    turns = [turn.model_copy(update={"speaker": swapped[turn.speaker]}) for turn in calls[0].said]
    scores = scores_of(calls, heard_as(calls[0], turns), found_values(calls, heard_as(calls[0], turns).calls))
    assert scores["roles"]["value"] == 0
    assert scores["values"]["all"]["value"] == 0
    wrong = [
        turn.model_copy(update={"text": turn.text.replace("Fünf fünf null", "Fünf null")}) for turn in calls[0].said
    ]
    found = found_values(calls, heard_as(calls[0], wrong).calls)
    (error,) = errors_of(found)
    assert (error["kind"], error["said"]) == ("number", "55018227")
    assert "Fünf null" in error["heard"]
    assert error["spans"] == [(12.0, 13.9)]


def test_a_call_that_failed_has_all_words_wrong_and_no_value(folder: Path) -> None:
    calls = spoken_calls(folder)
    heard = Heard({}, {}, seconds=0.0, sound=0.0, mib=0.0)
    found = found_values(calls, heard.calls)
    scores = scores_of(calls, heard, found)
    assert scores["failed"] == [CALL]
    assert scores["wer"]["de"]["value"] == 1.0
    assert scores["values"]["all"]["value"] == 0
    assert scores["real_time"] is None


def test_tables_have_a_row_for_each_way(folder: Path) -> None:
    calls = spoken_calls(folder)
    heard = heard_as(calls[0], calls[0].said)
    results = {"stereo": {"ausweis": scores_of(calls, heard, found_values(calls, heard.calls))}}
    for rows in (hearing_rows(results), kind_rows(results)):
        assert len(aligned(rows).splitlines()) == 2
    assert "1.000 (0.44–1.00)" in aligned(hearing_rows(results))
    assert "1/1" in aligned(kind_rows(results))


class Whisper:
    """Stands for the library: writes one segment for each file, and counts them."""

    files: tuple[str, ...] = ()

    def __init__(self, folder: str, **_: object) -> None:
        pass

    def transcribe(self, file: str) -> tuple[Iterator[SimpleNamespace], SimpleNamespace]:
        type(self).files += (file,)
        return iter([SimpleNamespace(start=0.0, end=1.0, text=" ja")]), SimpleNamespace(language="de")


def test_a_plain_way_goes_on_where_it_was_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library: Any = types.ModuleType("faster_whisper")
    library.WhisperModel = Whisper
    monkeypatch.setitem(sys.modules, "faster_whisper", library)
    monkeypatch.setattr("ausweis.engines.weights.locate_folder", lambda name: SimpleNamespace(path=name))
    file = folder / f"{CALL}.wav"
    job = {
        "way": "plain",
        "files": {CALL: [str(file)]},
        "seconds": {CALL: 20.0},
        "place": str(folder / "out"),
        "policy": "",
        "options": {},
    }
    hear.main(job)
    hear.main(job)
    assert len(Whisper.files) == 1, "what was heard is not heard again"
    assert hear.heard_by("plain", folder / "out")[CALL]["turns"][0]["text"] == " ja"
    (session,) = map(json.loads, (folder / "out" / "sessions.jsonl").read_text().splitlines())
    assert (session["calls"], session["sound"]) == (1, 20.0)
    file.write_bytes(b"other")
    hear.main(job)
    assert len(Whisper.files) == 2, "a recording that has changed is heard anew"


def test_the_command_measures_each_folder_in_each_way(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[tuple[str, Path]] = []

    def hear_all(calls: Sequence[Spoken], way: str, out: Path, options: dict[str, str]) -> Heard:
        places.append((way, out))
        assert options == {"agent-channel": "left"}
        wrong = [turn.model_copy(update={"text": "nichts"}) for turn in calls[0].said]
        return heard_as(calls[0], calls[0].said if way == "ausweis" else wrong)

    monkeypatch.setattr(command, "hear_all", hear_all)
    numbers, errors = folder / "numbers.json", folder / "errors.jsonl"
    files = ["--json", str(numbers), "--errors", str(errors), "--out", str(folder / "out")]
    done = CliRunner().invoke(command.main, [str(folder), "--calls", CALL, "--agent-channel", "left", *files])
    assert done.exit_code == 0, done.output
    results = json.loads(numbers.read_text())[folder.name]
    assert results["ausweis"]["values"]["all"]["value"] == 1
    assert results["plain"]["values"]["all"]["value"] == 0
    assert len({out for _, out in places}) == 1
    wrong = [json.loads(line) for line in errors.read_text().splitlines()]
    assert [one["way"] for one in wrong] == ["plain"] * 3 + ["plain-int8"] * 3
    assert "1.000" in done.output


def test_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "clean", tmp_path / "b" / "clean"
    assert command._names([one]) == {one: "clean"}
    assert command._names([one, other]) == {one: "a/clean", other: "b/clean"}
