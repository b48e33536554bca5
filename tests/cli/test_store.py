import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.cli.processes import FAKE, Run, Write
from tests.judging.own_policies import MARINA, marina

from ausweis.errors import StoreError
from ausweis.labelled import gold_facts, read_labelled
from ausweis.store import CallFilter, Store, StoreSink

BESIDE = (
    "ausweis: ausweis.sqlite.key: the key lies beside its store, and whoever copies the folder has both; "
    "with real calls, move it elsewhere and name its file in AUSWEIS_STORE_KEY_FILE\n"
)
QUIET = (*FAKE, "--quiet")


def states(address: str | Path = "ausweis.sqlite") -> dict[str, tuple[str, bool]]:
    with Store.open(address) as store:
        return {row.call_id: (row.outcome, store.record(row.key).call is not None) for row in store.calls()}


def decide(call_id: str, **more: Any) -> None:
    with Store.open("ausweis.sqlite") as store:
        record = store.record(store.find(call_id) or 0)
        values: dict[str, Any] = {"reviewer": "Mia", "choice": "confirm", "verdict_key": record.verdict_key} | more
        store.decide(record.row.key, **values)


def test_score_fills_the_store(run: Run, write_calls: Write, folder: Path) -> None:
    calls = write_calls(3)
    assert run("score", calls, *QUIET, "--run", "r", "--store") == (0, "", BESIDE)
    assert states() == {"call-3": ("violation", True), "call-1": ("compliant", True), "call-2": ("compliant", True)}
    assert (folder / "ausweis.sqlite.key").exists()


def test_a_key_beside_its_store_is_told_once(
    run: Run, write_calls: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = write_calls(1)
    run("score", calls, *QUIET, "--run", "r")
    assert run("store", "import", "r").err == BESIDE
    assert run("store", "import", "r").err == ""
    assert run("store", "verify").err == BESIDE
    (folder / "safe").mkdir()
    (folder / "ausweis.sqlite.key").rename(folder / "safe" / "key")
    monkeypatch.setenv("AUSWEIS_STORE_KEY_FILE", str(folder / "safe" / "key"))
    assert run("store", "verify").err == ""
    monkeypatch.setenv("AUSWEIS_STORE_KEY_FILE", str(folder / "safe" / "new"))
    assert run("store", "import", "r", "--store", "new.sqlite").err == ""


def test_score_without_it_needs_no_store(run: Run, write_calls: Write, folder: Path) -> None:
    run("score", write_calls(1), *QUIET, "--run", "r")
    assert not list(folder.glob("*.sqlite*"))


def test_score_takes_the_address_from_option_or_environment(
    run: Run, write_calls: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = write_calls(1)
    assert run("score", calls, *QUIET, "--run", "a", "--store", "new/folder/one.db").code == 0
    monkeypatch.setenv("AUSWEIS_STORE", str(folder / "two.db"))
    assert run("score", calls, *QUIET, "--run", "b", "--store").code == 0
    assert states("new/folder/one.db") == states("two.db") == {"call-1": ("compliant", True)}


def test_a_store_that_cannot_be_opened_is_told_before_the_work(run: Run, write_calls: Write, folder: Path) -> None:
    Path("file").touch()
    result = run("score", write_calls(1), *QUIET, "--run", "r", "--store", "file/store.db")
    assert result.code == 2
    assert "file/store.db: cannot be written" in result.err
    assert not (folder / "r").exists()


@pytest.mark.parametrize(("kind", "method"), [(Store, "sink"), (StoreSink, "flush")])
def test_a_fault_of_the_store_does_not_lose_the_run(
    run: Run, write_calls: Write, folder: Path, monkeypatch: pytest.MonkeyPatch, kind: type, method: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(kind, method, fail)
        result = run("score", write_calls(300), *QUIET, "--run", "r", "--store")
    assert result.code == 2
    assert result.err == BESIDE + (
        "ausweis: what the run holds is not all in the store (the disk is full); take it up: ausweis store import r\n"
    )
    assert json.loads((folder / "r" / "run.json").read_text())["counts"]["verdicts"] == 300
    assert run("store", "import", "r").out == "r: 300 new, 0 as they were\n"
    assert all(text for _, text in states().values())


def test_resuming_takes_up_the_rest(run: Run, write_calls: Write) -> None:
    calls = write_calls(5)
    run("score", calls, *QUIET, "--run", "r", "--store", "--limit", "2")
    assert len(states()) == 2
    run("score", calls, *QUIET, "--run", "r", "--store", "--resume")
    assert len(states()) == 5


def test_what_a_kill_left_out_of_the_store_is_caught_up(run: Run, write_calls: Write) -> None:
    calls = write_calls(5)
    run("score", calls, *QUIET, "--run", "r", "--limit", "3")
    assert run("score", calls, *QUIET, "--run", "r", "--store", "--resume").code == 0
    assert len(states()) == 5
    assert all(text for _, text in states().values())


def test_import_says_what_it_did(run: Run, write_calls: Write, folder: Path) -> None:
    calls = write_calls(2)
    run("score", calls, *QUIET, "--run", "r")
    (folder / calls).rename(folder / "moved.jsonl")
    assert run("store", "import", "r").out == "r: 2 new, 0 as they were; 2 without text\n"
    assert run("store", "import", "r", "--calls", "moved.jsonl").out == "r: 0 new, 2 as they were\n"
    texts = (folder / "moved.jsonl").read_text("utf-8")
    (folder / "moved.jsonl").write_text(texts.replace("Guten", "Schönen"), "utf-8")
    again = run("store", "import", "r", "--calls", "moved.jsonl").out.splitlines()
    assert again[1:] == [
        "2 calls have another text or time than before under their id; decisions about them count no more"
    ]
    first = json.loads(texts.splitlines()[0])
    (folder / "moved.jsonl").write_text(json.dumps(first | {"turns": first["turns"][1:]}) + "\n", "utf-8")
    again = run("store", "import", "r", "--calls", "moved.jsonl").out.splitlines()
    assert again[1:] == ["1 texts left out: their verdicts are of another number of turns"]
    missing = run("store", "import", "nothing")
    assert (missing.code, missing.err) == (2, "ausweis: nothing: there is no run here: run.json is missing\n")


def test_a_judged_call_without_facts_is_named_by_all_that_read_a_run(
    run: Run, write_calls: Write, folder: Path
) -> None:
    calls = write_calls(3)
    run("score", calls, *QUIET, "--run", "r")
    facts = folder / "r" / "facts.jsonl"
    lost = json.loads(facts.read_bytes().splitlines()[-1])["call_id"]
    facts.write_bytes(facts.read_bytes()[:-100])
    named = f"ausweis: r/facts.jsonl lacks the facts of 1 judged call ({lost})"
    imported = run("store", "import", "r")
    assert (imported.code, imported.out) == (0, "r: 2 new, 0 as they were\n")
    assert named in imported.err
    judged = run("judge", "r", "--policy", "bank-en", "--run", "j")
    assert judged.code == 3
    assert named in judged.err
    resumed = run("score", calls, *FAKE, "--run", "r", "--resume")
    assert named in resumed.err
    assert "3 calls judged" in resumed.out
    again = run("score", calls, *QUIET, "--run", "r", "--resume")
    assert (again.err, run("store", "import", "r").out) == ("", "r: 1 new, 2 as they were\n")


def test_one_run_that_cannot_be_taken_up_does_not_keep_the_others_out(
    run: Run, write_calls: Write, folder: Path
) -> None:
    calls = write_calls(2)
    for name in ("runs/a", "runs/b", "runs/c"):
        run("score", calls, *QUIET, "--run", name)
    (folder / "runs" / "b" / "verdicts.jsonl").write_text("{}\n")
    (folder / "runs" / "demo.html").touch()
    (folder / "runs" / "eval").mkdir()
    done = run("store", "import", *(str(path.relative_to(folder)) for path in sorted((folder / "runs").iterdir())))
    assert done.code == 2
    assert done.out == "runs/a: 2 new, 0 as they were\nruns/c: 2 new, 0 as they were\n"
    assert done.err.removesuffix(BESIDE).splitlines()[:1] == [
        "ausweis: passed over, since they hold no run: runs/demo.html, runs/eval"
    ]
    assert "ausweis: runs/b/verdicts.jsonl:1: the line holds no verdict" in done.err
    assert run("store", "import", "runs/a", "runs/demo.html").code == 0
    assert run("store", "import", "runs/a", "runs/typo").code == 2
    none = run("store", "import", "runs/demo.html", "runs/eval")
    assert (none.code, none.err.count("there is no run here: run.json is missing")) == (2, 2)


def test_texts_are_found_from_another_working_folder(
    run: Run, write_calls: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "[x]").mkdir()
    (folder / write_calls(2)).rename(folder / "[x]" / "calls.jsonl")
    (folder / "answers.yaml").rename(folder / "[x]" / "answers.yaml")
    monkeypatch.chdir(folder / "[x]")
    run("score", "calls.jsonl", *QUIET, "--run", "r")
    run("score", "*.jsonl", *QUIET, "--run", "s")
    assert run("score", "*.jsonl", *QUIET, "--run", "s", "--resume").code == 0
    monkeypatch.chdir(folder)
    (folder / "calls.jsonl").write_text("no call at all\n")
    assert run("store", "import", "[x]/r").out == "[x]/r: 2 new, 0 as they were\n"
    assert run("store", "import", "[x]/s", "--store", "other.sqlite").out == "[x]/s: 2 new, 0 as they were\n"


def test_given_texts_are_read_as_the_run_read_them(run: Run, write_calls: Write, folder: Path) -> None:
    write_calls(0)
    said = "Erna: Guten Tag, mein Name ist Ilse Krummbiegel.\nOtto: Ihr Vertrag läuft bis Mai.\n"
    (folder / "calls").mkdir()
    (folder / "calls" / "one.log").write_text(said, "utf-8")
    way = ("--format", "plain", "--speaker", "Erna=caller", "--speaker", "Otto=agent", "--language", "en")
    assert run("score", "calls", *way, *QUIET, "--run", "r").code == 0
    (folder / "calls").rename(folder / "moved")
    (folder / "moved" / "two.log").write_text("Karl: Guten Tag.\n", "utf-8")
    (folder / "moved" / "three.log").write_text(said, "utf-8")
    done = run("store", "import", "r", "--calls", "moved").out.splitlines()
    assert done[0] == "r: 1 new, 0 as they were"
    assert [line.partition(":")[0] for line in done[1:]] == ["1 texts left out"]
    assert "two.log" in done[1]
    with Store.open("ausweis.sqlite") as store:
        found = store.record(store.find("one") or 0).call
    assert found is not None
    assert ([turn.speaker for turn in found.turns], found.language) == (["caller", "agent"], "en")


@pytest.mark.parametrize("command", [("verify",), ("delete", "x"), ("expire", "--days", "1")])
def test_a_store_that_is_not_there_is_not_made(run: Run, folder: Path, command: tuple[str, ...]) -> None:
    result = run("store", *command, "--store", "typo.db")
    assert result.code == 2
    assert "typo.db: there is no store here" in result.err
    assert not list(folder.glob("typo*"))


def test_delete_and_expire(run: Run, write_calls: Write, folder: Path) -> None:
    run("score", write_calls(3), *QUIET, "--run", "r", "--store", "--record", "answers")
    result = run("store", "delete", "call-3")
    assert result.code == 0
    assert "removed from store\n" in result.out
    assert f"removed from {folder / 'r' / 'verdicts.jsonl'}\n" in result.out
    assert "nothing of the call is left" in result.out
    assert b"call-3" not in (folder / "r" / "verdicts.jsonl").read_bytes()
    gone = run("store", "delete", "call-3")
    assert (gone.code, gone.err) == (2, "ausweis: there is no call with this id in the store, nor in its runs\n")
    assert run("store", "expire", "--days", "30").out == "0 calls removed\n"
    (folder / "notes.txt").write_text("call-2 was odd")
    left = run("store", "delete", "call-2", "--also", "notes.txt")
    assert left.code == 2
    assert "notes.txt" in left.err
    assert states() == {"call-1": ("compliant", True)}
    (folder / "r").rename(folder / "s")
    moved = run("store", "delete", "call-1")
    assert moved.code == 2
    assert f"not there, so not searched: {folder / 'r'}\n" in moved.out
    assert "nothing of the call is left" not in moved.out
    assert run("store", "expire", "--days", "30").code == 2
    assert run("store", "delete", "call-1", "--also", "s").code == 0
    assert b"call-1" not in (folder / "s" / "verdicts.jsonl").read_bytes()


def test_sample_and_verify(run: Run, write_calls: Write) -> None:
    assert run("score", write_calls(9), *QUIET, "--run", "r", "--store").code == 0
    with Store.open("ausweis.sqlite") as store:
        day = str(store.calls()[0].day)
        flagged = {row.call_id for row in store.calls(CallFilter(to_review=True))}
    drawn = run("store", "sample", "--first", day, "-n", "3", "--seed", "1").out.split()
    assert len(drawn) == min(3, 9 - len(flagged))
    assert not flagged & set(drawn)
    first, schema, head = run("store", "verify").out.splitlines()
    assert first.endswith("entries, all as they were written")
    assert schema.startswith("rows of these tables are not checked: artefact_calls, artefacts, calibration_calls, ")
    assert run("store", "verify", "--head", head.removeprefix("head: ")).code == 0
    cut = run("store", "verify", "--head", "f" * 64)
    assert cut.code == 2
    assert "it was cut off" in cut.err
    assert run("store", "sample", "--first", "gestern").code == 2


def test_export_puts_a_policy_that_does_not_ship_beside_the_cases(run: Run, write_calls: Write, folder: Path) -> None:
    (folder / "marina.yaml").write_text(MARINA, encoding="utf-8")
    run("score", write_calls(1), "--policy", "marina.yaml", *FAKE[2:], "--quiet", "--run", "r", "--store")
    decide("call-1")
    (folder / "out").mkdir()
    told = run("store", "export", "--out", "out/cases.jsonl")
    assert "the policy hafenlicht-de does not ship: --policy FILE puts it beside the cases\n" in told.err
    told = run("store", "export", "--out", "out/cases.jsonl", "--policy", "marina.yaml")
    assert told.out == "1 cases in out/cases.jsonl\npolicy hafenlicht-de in out/policies/hafenlicht-de.yaml\n"
    assert (folder / "out" / "policies" / "hafenlicht-de.yaml").read_text("utf-8") == MARINA
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
    run("score", write_calls(3), *QUIET, "--run", "r", "--store")
    decide("call-3")
    assert run("store", "export", "--out", "cases.jsonl").out == "1 cases in cases.jsonl\n"
    text = (folder / "cases.jsonl").read_text("utf-8")
    assert "‹3›" in text
    assert (folder / "cases.jsonl").stat().st_mode & 0o777 == 0o600
    assert "Krummbiegel" not in text
    assert f"removed from {folder / 'cases.jsonl'}\n" in run("store", "delete", "call-3").out
    assert (folder / "cases.jsonl").read_text("utf-8") == ""
