"""Recordings are heard once, what goes wrong with one is told, and nothing else is written."""

import errno
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.batch.reader import SmallReader
from tests.stored import content, judged

from ausweis.audio.hearing import Hearing
from ausweis.audio.kept import TRANSCRIPTS_FILE, KeptTranscripts
from ausweis.audio.sidecar import Sidecar
from ausweis.batch import Progress, Scorer, ScoreSummary, local_runner, score
from ausweis.calls import Call, Source, UnreadableCall, find_sources, read_calls
from ausweis.calls.text import shown_path
from ausweis.cli import scoring
from ausweis.engines.fake import FakeEngine
from ausweis.engines.protocol import Request
from ausweis.errors import InputError, ModelError, RunError
from ausweis.policies import find_policy
from ausweis.store import Store


class Listener:
    """Hears the same two turns in every recording, but for those with `bad` in their name."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def transcribe(self, files: Sequence[Path], sidecar: Sidecar, named: Any, progress: Any) -> dict[str, Any]:
        self.heard.append(files[0].name)
        progress(1.5, 6.0)
        if "bad" in files[0].name:
            raise InputError("nobody speaks in the recording", place=str(files[0]))
        turns = [{"speaker": "agent", "text": "Hello?"}, {"speaker": "caller", "text": "Hi.", "confidence": 0.4}]
        names = [shown_path(one.name) for one in files]
        return {"language": "en", "turns": turns, "metadata": {"recording": {"files": names}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    for name in ("a.wav", "bad.wav", "c.agent.wav", "c.caller.wav"):
        (tmp_path / name).write_text(name)
    return tmp_path


def run(folder: Path, listener: Listener, settings: str = "s", keep: Path | None = None) -> list[Call | UnreadableCall]:
    with KeptTranscripts(folder / "run") as kept:
        hear = Hearing(lambda: listener, kept, settings, keep=keep)  # type: ignore[arg-type, return-value]
        return list(read_calls([folder / "*.wav"], hear=hear))


def test_calls_and_failures_in_order(folder: Path) -> None:
    a, bad, c = run(folder, Listener())
    assert isinstance(a, Call)
    assert (a.id, a.language, a.turns[1].confidence) == ("a", "en", 0.4)
    assert isinstance(bad, UnreadableCall)
    assert (bad.call_id, bad.kind, bad.message) == ("bad", "recording", "nobody speaks in the recording")
    assert isinstance(c, Call)
    assert c.metadata["recording"]["files"] == ["c.agent.wav", "c.caller.wav"]


def test_what_was_heard_is_not_heard_again(folder: Path) -> None:
    first, second = Listener(), Listener()
    before = run(folder, first)
    assert [call.turns for call in run(folder, second) if isinstance(call, Call)] == [
        call.turns for call in before if isinstance(call, Call)
    ]
    assert second.heard == ["bad.wav"]


def test_a_changed_recording_side_car_or_setting_is_heard_anew(folder: Path) -> None:
    run(folder, Listener())
    (folder / "a.wav").write_text("longer than before")
    (folder / "c.json").write_text("{}")
    changed, others = Listener(), Listener()
    run(folder, changed)
    assert changed.heard == ["a.wav", "bad.wav", "c.agent.wav"]
    run(folder, others, settings="other")
    assert len(others.heard) == 3


def test_a_torn_line_is_heard_anew(folder: Path) -> None:
    run(folder, Listener())
    path = folder / "run" / TRANSCRIPTS_FILE
    path.write_bytes(path.read_bytes()[:-30])
    listener = Listener()
    run(folder, listener)
    assert listener.heard == ["bad.wav", "c.agent.wav"]
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["a", "c"]


def test_the_transcripts_can_be_read_as_calls(folder: Path) -> None:
    run(folder, Listener())
    again = list(read_calls([folder / "run" / TRANSCRIPTS_FILE]))
    assert [call.id for call in again if isinstance(call, Call)] == ["a", "c"]


def test_audio_is_kept_only_when_asked_for(folder: Path) -> None:
    run(folder, Listener())
    assert sorted(path.name for path in (folder / "run").iterdir()) == [TRANSCRIPTS_FILE]
    run(folder, Listener(), keep=folder / "run" / "recordings")
    kept = sorted(path.name for path in (folder / "run" / "recordings").iterdir())
    assert kept == ["a.wav", "c.agent.wav", "c.caller.wav"]


def test_a_full_disk_stops_with_a_sentence_and_what_was_heard_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copyfile

    def full(path: Path, to: Path) -> None:
        to.write_bytes(b"half")
        if path.name != "a.wav":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        copy(path, to)

    monkeypatch.setattr(shutil, "copyfile", full)
    keep = folder / "run" / "recordings"
    with pytest.raises(RunError, match="the disk is full"):
        run(folder, Listener(), keep=keep)
    assert [path.name for path in keep.iterdir()] == ["a.wav"]
    monkeypatch.undo()
    listener = Listener()
    run(folder, listener, keep=keep)
    assert listener.heard == ["bad.wav"]
    assert len(list(keep.iterdir())) == 3


def test_a_transcript_that_finds_no_room_is_heard_when_there_is_some(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync
    rooms = iter([True, False])
    path = folder / "run" / TRANSCRIPTS_FILE

    def full(handle: int) -> None:
        if os.fstat(handle).st_ino == path.stat().st_ino and not next(rooms):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="the disk is full"):
        run(folder, Listener())
    monkeypatch.setattr(os, "fsync", sync)
    listener = Listener()
    found = run(folder, listener)
    assert listener.heard == ["bad.wav", "c.agent.wav"]
    assert [call.id for call in found if isinstance(call, Call)] == ["a", "c"]


def test_a_file_that_vanishes_is_a_failure(folder: Path) -> None:
    class Gone(Listener):
        def transcribe(self, files: Sequence[Path], sidecar: Sidecar, named: Any, progress: Any) -> dict[str, Any]:
            raise FileNotFoundError(2, "No such file or directory")

    found = run(folder, Gone())
    assert {one.kind for one in found if isinstance(one, UnreadableCall)} == {"file"}


def test_without_ears_a_recording_is_unreadable(folder: Path) -> None:
    (found, *_) = read_calls(find_sources([folder / "a.wav"]))
    assert isinstance(found, UnreadableCall)
    assert "ausweis transcribe" in found.message


def test_progress_names_the_call(folder: Path) -> None:
    seen: list[tuple[str, float, float]] = []
    with KeptTranscripts(folder / "run") as kept:
        hear = Hearing(
            lambda: Listener(),  # type: ignore[arg-type, return-value]
            kept,
            "s",
            progress=lambda *told: seen.append(told),
        )
        hear(Source(folder / "a.wav", "a.wav", "a"))
    assert seen == [("a", 1.5, 6.0)]


def test_an_unexpected_fault_stops_only_its_recording(folder: Path) -> None:
    class Odd(Listener):
        def transcribe(self, files: Sequence[Path], sidecar: Sidecar, named: Any, progress: Any) -> dict[str, Any]:
            if files[0].name == "a.wav":
                raise ZeroDivisionError("the caller said Zwetschgendatschi")
            if files[0].name == "bad.wav":
                raise ModelError("the voices are not here")
            return super().transcribe(files, sidecar, named, progress)

    a, bad, c = run(folder, Odd())
    assert isinstance(a, UnreadableCall)
    assert (a.kind, a.message) == ("internal", "something unforeseen went wrong (ZeroDivisionError)")
    assert isinstance(bad, UnreadableCall)
    assert bad.message == "the voices are not here"
    assert isinstance(c, Call)


def test_of_a_recording_that_was_heard_anew_the_last_transcript_is_kept(folder: Path) -> None:
    path = folder / "run" / TRANSCRIPTS_FILE
    run(folder, Listener())
    before = path.read_text().splitlines()
    (folder / "a.wav").write_text("longer than before")
    run(folder, Listener())
    after = path.read_text().splitlines()
    assert [json.loads(line)["id"] for line in after] == ["c", "a"]
    assert after[0] in before
    assert after[1] not in before
    inode = path.stat().st_ino
    run(folder, Listener())
    assert path.stat().st_ino == inode


def test_two_recordings_of_one_id_are_heard_once_each(folder: Path) -> None:
    for name in ("a", "c"):
        (folder / f"{name}.json").write_text('{"id": "C-77"}')
    for heard in (["a.wav", "bad.wav", "c.agent.wav"], ["bad.wav"]):
        listener = Listener()
        run(folder, listener)
        assert listener.heard == heard


def score_in(store: Path, folder: Path, listener: Listener, answer: Callable[[Request], str]) -> ScoreSummary:
    """Score the recordings into a store, as `ausweis score` does."""
    engine = FakeEngine(answer)
    scorer = Scorer(SmallReader(engine), engine, find_policy("telecom-de"))
    with Store.open(store) as opened:
        begun = opened.begin(scorer.origin)
        hear = Hearing(lambda: listener, scoring._InStore(begun), "s")  # type: ignore[arg-type, return-value]
        sources = find_sources([folder / "*.wav"])
        found = read_calls(sources, hear=hear)
        recordings = scoring._audio(sources)
        return score(found, local_runner(scorer), begun, sources=sources, recordings=recordings)


def test_of_a_run_that_ends_while_a_call_is_read_the_transcript_is_in_the_store(folder: Path) -> None:
    def gone(request: Request) -> str:
        raise ModelError("the server is gone")

    with pytest.raises(ModelError):
        score_in(folder / "s", folder, Listener(), gone)
    assert content(folder / "s")["texts"] == ["Hello?\nHi."]
    for heard, earlier in ((["bad.wav", "c.agent.wav"], 0), (["bad.wav"], 2)):
        listener = Listener()
        summary = score_in(folder / "s", folder, listener, lambda _: "nothing")
        assert (listener.heard, summary.progress) == (heard, Progress(3, earlier, 1))


def test_the_second_recording_of_an_id_takes_no_verdict_from_the_first(folder: Path) -> None:
    class Other(Listener):
        def transcribe(self, files: Sequence[Path], *others: Any) -> dict[str, Any]:
            document = super().transcribe(files, *others)
            document["turns"][0]["text"] = files[0].name
            return document

    for name in ("a", "c"):
        (folder / f"{name}.json").write_text('{"id": "C-77"}')
    for earlier in (0, 1):
        summary = score_in(folder / "s", folder, Other(), lambda _: "nothing")
        assert (summary.progress, summary.tally.counts.failures["duplicate"]) == (Progress(3, earlier, 2), 1)
        assert [one.facts.call_id for one in judged(folder / "s")] == ["C-77"]
        assert content(folder / "s")["texts"] == ["a.wav\nHi."]
        with Store.open(folder / "s") as store:
            (row,) = store.calls()
            assert store.record(row.key).audio == (folder / "a.wav",)


def test_without_an_asr_model_nothing_can_be_heard(folder: Path) -> None:
    def missing() -> Any:
        raise ModelError("no ASR model")

    with KeptTranscripts(folder / "run") as kept, pytest.raises(ModelError):
        list(read_calls([folder / "*.wav"], hear=Hearing(missing, kept, "s")))


def test_the_side_car_names_the_call(folder: Path) -> None:
    (folder / "a.json").write_text('{"id": "C-77"}')
    (folder / "bad.json").write_text('{"id": "C-78"}')
    found = run(folder, Listener())
    assert [one.id if isinstance(one, Call) else one.call_id for one in found] == ["C-77", "C-78", "c"]


def test_what_was_not_used_can_be_left_out(folder: Path) -> None:
    run(folder, Listener(), settings="old")
    path = folder / "run" / TRANSCRIPTS_FILE
    for settings, is_written in (("new", True), ("new", False)):
        before = path.stat().st_ino
        with KeptTranscripts(folder / "run") as kept:
            hear = Hearing(lambda: Listener(), kept, settings)  # type: ignore[arg-type, return-value]
            list(read_calls([folder / "*.wav"], hear=hear))
            kept.keep_only(kept.used)
        assert len(path.read_text().splitlines()) == 2
        assert (path.stat().st_ino != before) is is_written


def test_names_of_any_bytes(folder: Path) -> None:
    name = os.fsdecode(b"M\xfcller")
    (folder / f"{name}.wav").write_text("x")
    (folder / f"{name} bad.wav").write_text("x")
    found = run(folder, Listener(), keep=folder / "run" / "recordings")
    assert "M\\xfcller" in [one.id for one in found if isinstance(one, Call)]
    for one in found:
        str(one).encode()


def test_a_line_of_another_kind_is_left_alone(folder: Path) -> None:
    (folder / "run" / TRANSCRIPTS_FILE).write_text("no json\n[]\n")
    assert len([one for one in run(folder, Listener()) if isinstance(one, Call)]) == 2
