from pathlib import Path

import pytest
from tests.cli.processes import FAKE, Run, Write
from tests.stored import count


@pytest.mark.parametrize("out", ["calls.jsonl", "link.jsonl", "ausweis.sqlite", "ausweis.sqlite.key", "answers.yaml"])
def test_nothing_but_verdicts_is_written_over(run: Run, write_calls: Write, folder: Path, out: str) -> None:
    run("score", write_calls(2), *FAKE)
    (folder / "link.jsonl").symlink_to("calls.jsonl")
    before = (folder / out).read_bytes()
    result = run("score", "calls.jsonl", *FAKE, "--out", out)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert f"{out}: --out names a file that holds something else than verdicts" in result.err
    assert ((folder / out).read_bytes(), count(folder / "ausweis.sqlite")) == (before, 2)
    assert run("score", "calls.jsonl", *FAKE, "--out", "v.jsonl").code == 0
    assert run("score", "v.jsonl", *FAKE, "--out", "v.jsonl").code == 2
    # A store that is still to be made is no verdicts either.
    assert run("score", "calls.jsonl", *FAKE, "--store", "new.sqlite", "--out", "new.sqlite").code == 2
    assert not (folder / "new.sqlite").exists()


@pytest.mark.parametrize("left", ["", '{"schema":"ausw', '{"schema":"ausweis/verdict@2","call_'])
def test_what_was_written_into_the_folder_of_calls_is_no_call(
    run: Run, write_calls: Write, folder: Path, left: str
) -> None:
    (folder / "calls").mkdir()
    (folder / write_calls(2)).rename(folder / "calls" / "calls.jsonl")
    # As a command leaves it that is killed, or has no room, at its first verdict.
    (folder / "calls" / "verdicts.jsonl").write_text(left)
    for _ in range(2):
        assert run("score", "calls", *FAKE, "--out", "calls/verdicts.jsonl").code == 0
        assert len((folder / "calls" / "verdicts.jsonl").read_text("utf-8").splitlines()) == 2
