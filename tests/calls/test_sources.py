import json
from pathlib import Path

import pytest

from ausweis.calls import PassedOver, find_sources
from ausweis.errors import InputError


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def ids(root: Path, *paths: str) -> list[str]:
    return [source.default_id for source in find_sources([root / path for path in paths]).files]


def test_folder_is_walked_in_order_and_hidden_or_unknown_files_stay_out(tmp_path: Path) -> None:
    write(tmp_path, "b.json", "a.vtt", "sub/c.TXT", "sub/.d.json", ".git/e.json", "README.md", "sub/song.mid")
    found = find_sources([tmp_path])
    assert [source.path for source in found.files] == [tmp_path / n for n in ("a.vtt", "b.json", "sub/c.TXT")]
    assert [(one.reason, one.count) for one in found.passed_over] == [("hidden", 2), ("extension", 2)]


def test_any_extension(tmp_path: Path) -> None:
    write(tmp_path, "a.log", ".b.log")
    found = find_sources([tmp_path], any_extension=True)
    assert [source.default_id for source in found.files] == ["a"]


def test_ids_that_collide_get_the_path(tmp_path: Path) -> None:
    write(tmp_path, "1/a.json", "2/a.json", "2/b.vtt", "2/b.srt", "c.json")
    assert ids(tmp_path, ".") == ["c", "1/a", "2/a", "2/b.srt", "2/b.vtt"]


def test_ids_that_collide_between_arguments(tmp_path: Path) -> None:
    write(tmp_path, "1/a.json", "2/a.json")
    first, second = ids(tmp_path, "1", "2")
    assert first.endswith("1/a.json")
    assert second.endswith("2/a.json")


def test_several_paths_and_globs_keep_the_order_and_read_a_file_once(tmp_path: Path) -> None:
    write(tmp_path, "b/1.json", "b/2.json", "a/3.json", "x.dat")
    assert ids(tmp_path, "x.dat", "b/*.json", "b/1.json", "**/*.json") == ["x", "1", "2", "3"]


def test_standard_input_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "a.json")
    found = find_sources(["-", tmp_path / "a.json", "-"])
    assert [source.place for source in found.files] == ["standard input", str(tmp_path / "a.json")]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("none.json", "no such file"),
        ("*.json", "no file fits"),
        ("empty", "no calls"),
        ("other", "1 with other extensions"),
        ("a\0b", "no such file"),
        ("a\0*", "no file fits"),
        ("x" * 5000, "cannot be used"),
    ],
)
def test_what_stops_everything(tmp_path: Path, path: str, word: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path, "other/song.mid")
    with pytest.raises(InputError, match=word):
        find_sources([f"{tmp_path}/{path}"])


@pytest.mark.parametrize("paths", [[], [""], ["  "]])
def test_no_argument_or_an_empty_one(paths: list[str]) -> None:
    with pytest.raises(InputError, match="name a file"):
        find_sources(paths)


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path, "a/b.json")
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a")
    assert ids(tmp_path, "a") == ["b"]


def test_name_that_is_not_utf8_can_be_printed(tmp_path: Path) -> None:
    path = tmp_path / "anruf\udcff.json"
    path.write_text("x")
    [source] = find_sources([tmp_path]).files
    assert source.place.endswith("anruf\\xff.json")
    assert source.default_id == "anruf\\xff"


def test_names_that_differ_in_what_cannot_be_printed_stay_apart(tmp_path: Path) -> None:
    for name in ("anruf\udcff.json", "anruf\udcfe.json", "zwei\nZeilen.json"):
        (tmp_path / name).write_text("x")
    found = find_sources([tmp_path]).files
    assert len({source.default_id for source in found}) == len({source.place for source in found}) == 3
    assert all(source.place.isprintable() and source.default_id.isprintable() for source in found)


def test_two_recordings_of_one_call_are_one_source(tmp_path: Path) -> None:
    write(tmp_path, "7_caller.wav", "7_agent.wav", "8.kundin.mp3", "8.Berater.mp3", "9-agent.wav", "10.wav")
    found = find_sources([tmp_path]).files
    assert [(source.default_id, source.path, source.other) for source in found] == [
        ("10", tmp_path / "10.wav", None),
        ("7", tmp_path / "7_agent.wav", tmp_path / "7_caller.wav"),
        ("8", tmp_path / "8.Berater.mp3", tmp_path / "8.kundin.mp3"),
        ("9-agent", tmp_path / "9-agent.wav", None),
    ]
    assert all(source.is_recording for source in found)


def test_the_name_of_a_stereo_recording_may_tell_its_channels(tmp_path: Path) -> None:
    write(
        tmp_path,
        "1.agent-caller.wav",
        "1.json",
        "2_Kundin_Beraterin.mp3",
        "3.agent-agent.wav",
        "4_customer_service.wav",
    )
    found = find_sources([tmp_path]).files
    assert [(source.default_id, source.agent_channel) for source in found] == [
        ("1", "left"),
        ("2", "right"),
        ("3.agent-agent", None),
        ("4_customer_service", None),
    ]
    assert found[0].sidecar == tmp_path / "1.json"


def test_a_json_file_beside_a_recording_is_no_call(tmp_path: Path) -> None:
    write(tmp_path, "a.wav", "a.json", "b.json", "7.agent.wav", "7.caller.wav", "7.json")
    found = find_sources([tmp_path]).files
    assert [(source.default_id, source.is_recording) for source in found] == [("7", True), ("a", True), ("b", False)]
    assert [source.sidecar for source in found] == [tmp_path / "7.json", tmp_path / "a.json", None]


@pytest.mark.parametrize("name", ["a.json", "a.vtt"])
def test_of_a_recording_and_its_transcript_one_is_taken(tmp_path: Path, name: str) -> None:
    write(tmp_path, "a.wav", "b.wav")
    (tmp_path / name).write_text('{"turns": []}')
    found = find_sources([tmp_path])
    assert [source.path for source in found.files] == [tmp_path / name, tmp_path / "b.wav"]
    assert found.passed_over == (PassedOver("transcript", 1, (f"{tmp_path}/a.wav",)),)
    found = find_sources([tmp_path], recordings_only=True)
    assert [source.path for source in found.files] == [tmp_path / "a.wav", tmp_path / "b.wav"]
    # A JSON file is read as what tells about the recording.
    told = () if name == "a.json" else (PassedOver("no_recording", 1, (f"{tmp_path}/{name}",)),)
    assert found.passed_over == told


def test_what_ausweis_wrote_is_left_out_but_for_transcripts(tmp_path: Path) -> None:
    write(tmp_path, "a.json", "t/transcripts.jsonl", "t/failures.jsonl", "t/recordings/b.wav", "judged.jsonl")
    heard = {"id": "b", "turns": [], "metadata": {"recording": {"key": "1"}}}
    (tmp_path / "t" / "transcripts.jsonl").write_text(json.dumps(heard))
    (tmp_path / "t" / "failures.jsonl").write_text('{"schema": "ausweis/failure@1"}')
    (tmp_path / "judged.jsonl").write_text('{"schema": "ausweis/verdict@2"}')
    assert [source.path for source in find_sources([tmp_path]).files] == [
        tmp_path / "a.json",
        tmp_path / "t" / "transcripts.jsonl",
    ]
    # A file that is named itself is always taken.
    named = find_sources([tmp_path / "judged.jsonl"]).files
    assert [source.path for source in named] == [tmp_path / "judged.jsonl"]
