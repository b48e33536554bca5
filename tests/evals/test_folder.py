"""What the page of an eval run is read from, and `ausweis eval report`."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.pages.eval_runs import source, write_run

from ausweis.cli.eval import report
from ausweis.errors import AusweisError, InputError
from ausweis.evals.folder import read_source


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_run(tmp_path / "run")
    return tmp_path / "run"


def test_a_run_is_read_as_it_was_written(run: Path) -> None:
    found, made = read_source(run), source()
    assert (found.cases, found.summary, found.calls) == (made.cases, made.summary, made.calls)
    assert found.verdicts == {}


def test_numbers_of_another_version_are_made_again(run: Path) -> None:
    (run / "metrics.json").write_text('{"schema": "ausweis/metrics@0"}', encoding="utf-8")
    assert read_source(run).summary == source().summary


def test_a_golden_file_that_moved_is_put_back(run: Path, tmp_path: Path) -> None:
    moved = (tmp_path / "golden.jsonl").rename(tmp_path / "elsewhere.jsonl")
    with pytest.raises(InputError, match=r"golden\.jsonl: the golden file of the run is not here"):
        read_source(run)
    moved.rename(tmp_path / "golden.jsonl")
    assert read_source(run).calls == source().calls


def test_a_golden_file_that_changed_is_refused(run: Path, tmp_path: Path) -> None:
    golden = tmp_path / "golden.jsonl"
    golden.rename(tmp_path / "of-then.jsonl")
    golden.write_text("{}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"golden\.jsonl: the golden file was another in the run; put the one of then"):
        read_source(run)


def test_the_command_writes_into_the_run(run: Path) -> None:
    result = CliRunner().invoke(report, [str(run)])
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{run / 'report.html'}: 4 calls, ")
    assert (run / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_folder_without_an_eval(tmp_path: Path) -> None:
    with pytest.raises(AusweisError, match="there is no eval run here"):
        read_source(tmp_path)
