"""What is told while recordings are heard."""

from pathlib import Path

import pytest

from ausweis.batch import Progress
from ausweis.calls import Source
from ausweis.cli import progress as shown
from ausweis.cli.progress import SoundHeard, progress_shown, sentence, span


@pytest.fixture
def sources(tmp_path: Path) -> list[Source]:
    """Four recordings; the last is as large as all others."""
    made = []
    for name, size in (("a", 100), ("b", 100), ("c", 200), ("d", 400)):
        path = tmp_path / f"{name}.wav"
        path.write_bytes(bytes(size))
        made.append(Source(path, str(path), name))
    return made


def test_the_rest_is_told_by_the_size_of_the_files(sources: list[Source]) -> None:
    sound = SoundHeard(sources)
    assert sound.left(1.0) is None
    sound.tell("a", 0.0, 60.0)
    assert sound.left(1.0) is None
    sound.tell("a", 60.0, 60.0)
    assert sound.left(10.0) == pytest.approx(70.0)
    sound.tell("b", 30.0, 60.0)
    assert sound.left(15.0) == pytest.approx(65.0)
    assert sound.seconds == 90.0
    assert sound.here == "at 30 s of 60 s in b"


def test_what_was_heard_before_takes_no_time(sources: list[Source]) -> None:
    sound = SoundHeard(sources)
    sound.tell("c", 120.0, 120.0)
    assert sound.left(20.0) == pytest.approx(40.0)


def test_a_recording_that_does_not_say_how_long_it_is(sources: list[Source]) -> None:
    sound = SoundHeard(sources)
    sound.tell("a", 120.0, 0.0)
    assert sound.left(10.0) is None
    assert sound.here == "at 2 min in a"
    sound.tell("b", 0.0, 0.0)
    assert sound.left(10.0) == pytest.approx(70.0)


def test_one_that_is_longer_than_it_says_is_no_less_than_done(sources: list[Source]) -> None:
    sound = SoundHeard(sources)
    sound.tell("a", 120.0, 60.0)
    assert sound.left(10.0) == pytest.approx(70.0)


def test_beside_transcripts_nothing_is_said_about_the_rest(sources: list[Source], tmp_path: Path) -> None:
    sound = SoundHeard([*sources, Source(tmp_path / "e.json", "e.json", "e")])
    sound.tell("a", 30.0, 60.0)
    assert sound.left(10.0) is None
    assert sentence(Progress(1, 0, 0), 5, 10.0, sound) == "1 of 5 calls, 30 s heard"


def test_the_sentence_tells_sound_instead_of_calls_a_second(sources: list[Source]) -> None:
    sound = SoundHeard(sources)
    for name in ("a", "b"):
        sound.tell(name, 600.0, 600.0)
    assert sentence(Progress(2, 0, 1), 4, 200.0, sound) == "2 of 4 calls, 1 failed, 20 min heard, 10 min left"
    sound.tell("d", 2400.0, 2400.0)
    assert sentence(Progress(4, 0, 1), 4, 700.0, sound) == "4 of 4 calls, 1 failed, 60 min heard"


def test_plain_lines_name_the_recording(
    sources: list[Source], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shown, "PLAIN_SECONDS", 0.0)
    with progress_shown(4, sources) as show:
        show.listening("a", 0.0, 250.0)
        show.listening("a", 120.0, 250.0)
        show(Progress(1))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "0 of 4 calls; at 0 s of 4 min in a"
    assert lines[1].startswith("0 of 4 calls, 2 min heard, ")
    assert lines[1].endswith(" left; at 2 min of 4 min in a")
    assert lines[2].startswith("1 of 4 calls, 2 min heard, ")


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (125, "2 min"), (4 * 3600, "4.0 h")])
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text
