from pathlib import Path

import pytest
from tests.cli.processes import FAKE, Run, Write
from tests.stored import count


@pytest.mark.parametrize("out", ["calls.jsonl", "link.jsonl", "ausweis.sqlite"])
def test_verdicts_are_not_written_over_what_is_read(run: Run, write_calls: Write, folder: Path, out: str) -> None:
    run("score", write_calls(2), *FAKE)
    (folder / "link.jsonl").symlink_to("calls.jsonl")
    before = (folder / "calls.jsonl").read_bytes()
    result = run("score", "calls.jsonl", *FAKE, "--out", out)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert f"{out}: --out names a file that this command reads" in result.err
    assert ((folder / "calls.jsonl").read_bytes(), count(folder / "ausweis.sqlite")) == (before, 2)


def test_what_was_written_into_the_folder_of_calls_is_no_call(run: Run, write_calls: Write, folder: Path) -> None:
    (folder / "calls").mkdir()
    (folder / write_calls(2)).rename(folder / "calls" / "calls.jsonl")
    # As a command leaves it that is killed before its first verdict.
    (folder / "calls" / "verdicts.jsonl").touch()
    for _ in range(2):
        assert run("score", "calls", *FAKE, "--out", "calls/verdicts.jsonl").code == 0
        assert len((folder / "calls" / "verdicts.jsonl").read_text("utf-8").splitlines()) == 2
