"""An error that nobody thought of fails its call alone, or ends the command, with an exit code of its own.

No word of a call is told, and there is no traceback.
"""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.cli.processes import BESIDE, FAKE, Run, Write
from tests.stored import failures, judged

from ausweis.store import Store

SECRET = "Zwetschgendatschi 4711"
SCORE = FAKE
STORE = Path("ausweis.sqlite")
ERRORS = [KeyError(SECRET), RecursionError(SECRET), MemoryError(), AssertionError(SECRET), OSError(5, SECRET)]
PLACES = {
    "read": ("ausweis.calls.json_format", "_reader_of"),
    "checked": ("ausweis.calls.reading", "check"),
    "judged": ("ausweis.batch.scoring", "judge"),
    "told": ("ausweis.batch.scoring", "facts_sha256"),
    "written": ("ausweis.store.writing", "pack"),
}


def breaking(monkeypatch: pytest.MonkeyPatch, where: str, error: Exception) -> None:
    """The second call that comes by this place raises the error, as often as it comes."""
    module = import_module(PLACES[where][0])
    real, name = getattr(module, PLACES[where][1]), PLACES[where][1]

    def broken(*arguments: Any, **more: Any) -> Any:
        if "call-2" in repr(arguments):
            raise error
        return real(*arguments, **more)

    monkeypatch.setattr(module, name, broken)


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_the_call_fails_and_the_others_go_on(
    run: Run, write_calls: Write, folder: Path, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    calls = write_calls(4)
    with monkeypatch.context() as patch:
        breaking(patch, where, error)
        result = run("score", calls, *SCORE)
    assert (result.code, result.err) == (4, BESIDE)
    (failure,) = failures(STORE)
    assert failure["kind"] == "internal"
    # The store cannot tell a row that it cannot read from a fault of ours.
    damaged = where == "written" and isinstance(error, KeyError | RecursionError)
    assert damaged or failure["message"] == f"something unforeseen went wrong ({type(error).__name__})"
    assert failure["call_id"] == "call-2" or failure["place"] == f"{folder}/calls.jsonl:2"
    assert SECRET not in result.out + str(failure)
    assert [one.facts.call_id for one in judged(STORE)] == ["call-1", "call-3", "call-4"]
    assert run("score", calls, *SCORE).code == 0
    assert failures(STORE) == []


def test_a_file_that_breaks_its_reader_costs_no_other_file(
    run: Run, write_calls: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ausweis.calls import csv_format

    (folder / "a.csv").write_text(f"speaker,text\nagent,{SECRET}\n")
    monkeypatch.setattr(csv_format, "_row", lambda *_: 1 / 0)
    result = run("score", "a.csv", write_calls(2), *SCORE, "--json")
    assert result.code == 4
    body = json.loads(result.out)
    assert (body["verdicts"], body["failures"], body["complete"]) == (2, {"internal": 1}, False)
    (failure,) = failures(STORE)
    assert failure["place"] == f"{folder}/a.csv"
    assert failure["message"].endswith("(ZeroDivisionError); what follows in this file is left out")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_outside_of_a_call_the_command_ends_with_one_sentence(
    run: Run, write_calls: Write, monkeypatch: pytest.MonkeyPatch, error: Exception, debug: bool
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise error

    calls = write_calls(1)
    monkeypatch.setattr("ausweis.cli.scoring.find_sources", broken)
    if debug:
        monkeypatch.setenv("AUSWEIS_DEBUG", "1")
    result = run("score", calls, *SCORE)
    assert (result.code, result.out) == (4, "")
    *before, sentence = result.err.splitlines()
    assert sentence.startswith(f"ausweis: something unforeseen went wrong ({type(error).__name__}) at test_unforeseen")
    assert SECRET not in sentence
    assert bool(before) == debug


@pytest.mark.parametrize("debug", [False, True])
def test_what_a_sentence_was_made_of_is_shown_where_it_is_asked_for(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    def broken(*_: Any) -> int:
        raise KeyError(SECRET)

    Store.open(folder / "s.sqlite").close()
    monkeypatch.setattr("ausweis.store.audit_log.verify", broken)
    if debug:
        monkeypatch.setenv("AUSWEIS_DEBUG", "1")
    result = run("store", "verify", "--store", "s.sqlite")
    *before, sentence = result.err.splitlines()
    assert (result.code, result.out) == (2, "")
    assert "s.sqlite: a row is damaged" in sentence
    assert [line for line in before if SECRET in line] == ([f"KeyError: '{SECRET}'"] if debug else [])
    assert bool(before) == debug


@pytest.mark.parametrize("option", ["--out", "--store", "--record", "--policy", "--engine"])
@pytest.mark.parametrize("name", ["x" * 300, "answers.yaml/x"])
def test_a_name_that_no_file_can_have_is_one_sentence(
    run: Run, write_calls: Write, folder: Path, option: str, name: str
) -> None:
    arguments = ["score", write_calls(1), *SCORE, option, f"fake:{name}" if option == "--engine" else name]
    result = run(*arguments)
    told = result.err.removeprefix(BESIDE)
    assert (result.code, result.out, told.count("\n")) == (2, "", 1)
    assert told.startswith("ausweis: ")
