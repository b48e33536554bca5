import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.cli.processes import BESIDE, FAKE, Run, Write
from tests.judging.own_policies import MARINA, marina

from ausweis.calls import Call
from ausweis.errors import StoreError
from ausweis.labelled import gold_facts, read_labelled
from ausweis.store import CallFilter, RunWriter, Store

QUIET = (*FAKE, "--quiet")


def states(address: str | Path = "ausweis.sqlite") -> dict[str, str]:
    with Store.open(address) as store:
        return {row.call_id: row.outcome for row in store.calls()}


def decide(call_id: str, **more: Any) -> None:
    with Store.open("ausweis.sqlite") as store:
        record = store.record(store.find(call_id) or 0)
        values: dict[str, Any] = {"reviewer": "Mia", "choice": "confirm", "verdict_key": record.verdict_key} | more
        store.decide(record.row.key, **values)


def test_a_key_beside_its_store_is_told_once(
    run: Run, write_calls: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = write_calls(1)
    assert run("score", calls, *QUIET).err == BESIDE
    assert run("score", calls, *QUIET).err == ""
    assert run("store", "verify").err == BESIDE
    (folder / "safe").mkdir()
    (folder / "ausweis.sqlite.key").rename(folder / "safe" / "key")
    monkeypatch.setenv("AUSWEIS_STORE_KEY_FILE", str(folder / "safe" / "key"))
    assert run("store", "verify").err == ""
    monkeypatch.setenv("AUSWEIS_STORE_KEY_FILE", str(folder / "safe" / "new"))
    assert run("score", calls, *QUIET, "--store", "new.sqlite").err == ""


def test_the_address_comes_from_option_or_environment(
    run: Run, write_calls: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = write_calls(1)
    assert run("score", calls, *QUIET, "--store", "new/folder/one.db").code == 0
    monkeypatch.setenv("AUSWEIS_STORE", str(folder / "two.db"))
    assert run("score", calls, *QUIET).code == 0
    assert states("new/folder/one.db") == states("two.db") == {"call-1": "compliant"}
    assert not (folder / "ausweis.sqlite").exists()


def test_a_fault_of_the_store_ends_the_command_and_the_same_one_goes_on(
    run: Run, write_calls: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, add = write_calls(30), RunWriter.add

    def fail(writer: RunWriter, call: Call, *arguments: Any) -> None:
        if call.id == "call-20":
            raise StoreError("the store cannot be used: database or disk is full; make room on the disk, and try again")
        add(writer, call, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(RunWriter, "add", fail)
        result = run("score", calls, *QUIET)
    assert (result.code, "make room on the disk, and try again" in result.err) == (2, True)
    assert len(states()) == 19
    assert run("score", calls, *QUIET) == (0, "", "")
    assert len(states()) == 30


def test_another_text_under_an_id_is_told(run: Run, write_calls: Write, folder: Path) -> None:
    calls = write_calls(2)
    run("score", calls, *QUIET)
    decide("call-1")
    (folder / calls).write_text((folder / calls).read_text("utf-8").replace("Guten", "Schönen"), "utf-8")
    told = run("score", calls, *QUIET)
    assert told.err == (
        "ausweis: 2 calls have another text or time than before under their id; decisions about them count no more\n"
    )
    with Store.open("ausweis.sqlite") as store:
        assert {row.state for row in store.calls()} == {"open"}


@pytest.mark.parametrize("command", [("verify",), ("delete", "x"), ("delete", "--days", "1")])
def test_a_store_that_is_not_there_is_not_made(run: Run, folder: Path, command: tuple[str, ...]) -> None:
    result = run("store", *command, "--store", "typo.db")
    assert result.code == 2
    assert "typo.db: there is no store" in result.err
    assert not list(folder.glob("typo*"))


def test_delete_and_expire(run: Run, write_calls: Write, folder: Path) -> None:
    run("score", write_calls(3), *QUIET, "--record", "answers", "--out", "away/v.jsonl")
    result = run("store", "delete", "call-3")
    assert result.code == 0
    assert "removed from store\n" in result.out
    assert f"removed from {folder / 'away' / 'v.jsonl'}\n" in result.out
    assert "nothing of the call is left in the store" in result.out
    assert b"call-3" not in (folder / "away" / "v.jsonl").read_bytes()
    gone = run("store", "delete", "call-3")
    assert (gone.code, gone.err) == (2, "ausweis: there is no call with this id in the store\n")
    assert run("store", "delete", "--days", "30").out.startswith("0 calls removed\n")
    assert {run("store", "delete", *which).code for which in ((), ("call-1", "--days", "1"))} == {2}
    (folder / "away").rename(folder / "elsewhere")
    missing = run("store", "delete", "call-1")
    assert (missing.code, missing.out) == (2, "")
    assert "away/v.jsonl" in missing.err
    assert len(states()) == 2
    assert run("store", "delete", "call-1", "--gone", "away").code == 0
    assert states() == {"call-2": "compliant"}


def test_sample_and_verify(run: Run, write_calls: Write) -> None:
    assert run("score", write_calls(9), *QUIET).code == 0
    with Store.open("ausweis.sqlite") as store:
        day = str(store.calls()[0].day)
        flagged = {row.call_id for row in store.calls(CallFilter(to_review=True))}
    drawn = run("store", "sample", day, "-n", "3").out.split()
    assert len(drawn) == min(3, 9 - len(flagged))
    assert not flagged & set(drawn)
    first, schema, head = run("store", "verify").out.splitlines()
    assert first.endswith("entries, all as they were written")
    assert schema.startswith("rows of these tables are not checked: artefact_calls, artefacts, calibration_calls, ")
    assert run("store", "verify", head.removeprefix("head: ")).code == 0
    cut = run("store", "verify", "f" * 64)
    assert cut.code == 2
    assert "it was cut off" in cut.err
    assert run("store", "sample", "gestern").code == 2


def test_export_names_the_policies_that_must_stand_beside_the_cases(run: Run, write_calls: Write, folder: Path) -> None:
    (folder / "marina.yaml").write_text(MARINA, encoding="utf-8")
    run("score", write_calls(1), "--policy", "marina.yaml", *FAKE[2:], "--quiet")
    decide("call-1")
    (folder / "out").mkdir()
    told = run("store", "export", "--out", "out/cases.jsonl")
    assert "the policy hafenlicht-de does not ship: copy its file to out/policies/hafenlicht-de.yaml\n" in told.err
    (folder / "out" / "policies").mkdir()
    (folder / "out" / "policies" / "hafenlicht-de.yaml").write_text(MARINA, encoding="utf-8")
    (case,) = read_labelled(folder / "out" / "cases.jsonl")
    assert gold_facts(case).asked_words == marina().own_words
    assert "hafenlicht-de does not ship" not in run("store", "export", "--out", "out/cases.jsonl").err


def test_export_masks(run: Run, write_calls: Write, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Masker:
        @classmethod
        def of(cls, call: Any, facts: Any) -> "Masker":
            return cls()

        def turn(self, number: int) -> str:
            return f"‹{number}›"

    module = ModuleType("ausweis.masking")
    module.Masker = Masker  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ausweis.masking", module)
    run("score", write_calls(3), *QUIET)
    decide("call-3")
    assert run("store", "export", "--out", "cases.jsonl").out == "1 cases in cases.jsonl\n"
    text = (folder / "cases.jsonl").read_text("utf-8")
    assert "‹3›" in text
    assert (folder / "cases.jsonl").stat().st_mode & 0o777 == 0o600
    assert "Krummbiegel" not in text
    assert f"removed from {folder / 'cases.jsonl'}\n" in run("store", "delete", "call-3").out
    assert (folder / "cases.jsonl").read_text("utf-8") == ""
