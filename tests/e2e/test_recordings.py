"""Spoken calls through the commands, with the real ASR model, voices and language model."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evals.lab.spoken.speaking import speak_call
from evals.lab.spoken.telephone import on_the_telephone
from evals.lab.spoken.voices import JoeVoice, Manner, Voice
from evals.lab.spoken.writing import write_audio, write_mono, write_stereo
from tests.audio.sounds import three_channels
from tests.stored import failures

from ausweis.labelled import LabelledCall
from ausweis.store import Store
from ausweis.vocabulary import Speaker

pytestmark = [pytest.mark.model, pytest.mark.alone]

LINES = (
    ("agent", "Harrow Gate Bank, Lucinda speaking, how can I help you today?"),
    ("caller", "Good morning, my name is Peter Langtry. I would like to know my balance."),
    ("agent", "Of course. Could you tell me your telephone PIN, please?"),
    ("caller", "Yes, it is four, seven, one, two."),
    ("agent", "Thank you, that is correct. Your balance is six hundred and ten pounds."),
    ("caller", "Wonderful, thank you very much, goodbye."),
)


def ausweis(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ausweis", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One call as stereo (twice), as two files and as mono, and four files that nobody can hear."""
    folder = tmp_path_factory.mktemp("recordings")
    turns = [{"speaker": speaker, "text": text} for speaker, text in LINES]
    gold = {"policy": "bank-en", "outcome": "compliant"}
    labelled = LabelledCall.model_validate({"call": {"id": "c1", "language": "en", "turns": turns}, "gold": gold})
    voices: dict[Speaker, Voice] = {"agent": JoeVoice.load(), "caller": JoeVoice.load(0, Manner(pitch=1.25))}
    spoken = on_the_telephone(speak_call(labelled, voices), snr=30)
    write_stereo(spoken, folder / "stereo.wav")
    write_stereo(spoken, folder / "named.agent-caller.flac")
    for speaker, channel in (("agent", spoken.samples[:1]), ("caller", spoken.samples[1:])):
        write_audio(folder / f"pair.{speaker}.wav", channel, spoken.rate, "pcm_mulaw")
    write_mono(spoken, folder / "mono.opus")
    write_audio(folder / "silent.wav", np.zeros((1, 80_000), dtype=np.float32), 8000)
    (folder / "empty.wav").write_bytes(b"")
    (folder / "words.mp3").write_text("these are words and no sound")
    three_channels(folder / "three.wav")
    return folder


@pytest.fixture(scope="module")
def scored(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("scored") / "s.sqlite"
    done = ausweis("score", recordings, "--policy", "bank-en", "--store", store)
    assert done.returncode == 3, done.stderr
    return store


def test_each_form_of_the_call_is_heard_and_judged(scored: Path) -> None:
    with Store.open(scored) as store:
        records = {row.call_id: store.record(row.key) for row in store.calls()}
    assert sorted(records) == ["mono", "named", "pair", "stereo"]
    for call in (record.call for record in records.values()):
        assert call.language == "en"
        sides = {
            side: " ".join(turn.text for turn in call.turns if turn.speaker == side).lower()
            for side in ("agent", "caller")
        }
        assert "balance is" in sides["agent"]
        assert "my name is" in sides["caller"]
        assert call.metadata["recording"]["seconds"] == pytest.approx(30, abs=15)
    roles = {name: record.call.metadata["recording"]["roles"] for name, record in records.items()}
    assert (roles["pair"], roles["stereo"], roles["named"]) == ("files", "talk", "file name")
    for turn in records["named"].call.turns:
        assert " ".join(word.text for word in turn.words) == turn.text
        assert turn.words[0].start == turn.start
    assert records["pair"].verdict.outcome == "compliant"


def test_what_cannot_be_heard_says_why(scored: Path) -> None:
    found = {Path(failure["place"]).name: failure for failure in failures(scored)}
    assert {name: failure["message"].split()[0:3] for name, failure in found.items()} == {
        "silent.wav": ["nobody", "speaks", "in"],
        "empty.wav": ["the", "file", "is"],
        "words.mp3": ["the", "file", "is"],
        "three.wav": ["the", "recording", "has"],
    }
    assert {failure["kind"] for failure in found.values()} == {"recording"}


def test_nothing_but_the_store_holds_words(scored: Path) -> None:
    assert [path.name for path in scored.parent.iterdir() if not path.name.startswith("s.sqlite")] == []


def test_what_was_killed_goes_on_and_hears_nothing_twice(recordings: Path, tmp_path: Path) -> None:
    for number in range(4):
        shutil.copy(recordings / "stereo.wav", tmp_path / f"call{number}.wav")
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "ausweis",
        "transcribe",
        tmp_path / "*.wav",
        "--out",
        out,
        "--agent-channel",
        "left",
    ]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        transcripts = out / "transcripts.jsonl"
        while not (transcripts.is_file() and transcripts.read_text().count("\n")):
            assert process.poll() in (None, 0)
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    before = transcripts.read_bytes()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    assert "4 transcripts, 0 failed" in done.stdout
    whole = before[: before.rfind(b"\n") + 1]
    assert transcripts.read_bytes().startswith(whole)
    calls = rows(transcripts)
    assert [call["id"] for call in calls] == ["call0", "call1", "call2", "call3"]
    assert all(call["turns"] == calls[0]["turns"] for call in calls)
    assert {path.name for path in out.iterdir()} == {".lock", "transcripts.jsonl"}
