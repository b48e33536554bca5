"""Whole runs with a server that misbehaves: no call is lost, none is scored twice, and a stopped run goes on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.batch.reader import SmallReader
from tests.engines.server.misdeeds import PASSING, drop, stall, status
from tests.engines.server.openai_server import Asked, Misdeed, Served, serving
from tests.engines.server.policies import PATIENT, SOON
from tests.stored import failures, judged
from tests.stored import verdicts as in_order

from ausweis.batch import Scorer, ScoreSummary, local_runner, score
from ausweis.calls import Call
from ausweis.engines.server import ServerEngine
from ausweis.errors import ModelError
from ausweis.policies import find_policy
from ausweis.store import Judged, Store

SCRIPT: list[dict[str, Any]] = [
    {"contains": "mein Name", "answer": "gives name"},
    {"contains": "Meine PIN", "answer": {"gives pin": 0.9, "nothing": 0.1}},
    {"contains": "Ihr Vertrag", "answer": "discloses contract_data"},
    {"answer": "nothing"},
]
UNMEASURED = (
    "ausweis: the model scripted (strategy turnwise) was never measured: how many violations it misses is not known; "
    "`ausweis eval run` with the same --engine, --model and --strategy tells it\n"
)
READER = Path(__file__).parents[2] / "batch" / "reader.py"
ROOT = Path(__file__).parents[3]


def call(number: int) -> Call:
    texts = [
        ("caller", f"Guten Tag, mein Name ist Ilse Krummbiegel, Anruf {number}."),
        ("caller", f"Meine PIN ist {number}." if number % 3 else f"Eine Frage, {number}."),
        ("agent", f"Ihr Vertrag läuft bis {number}."),
    ]
    return Call.model_validate({"id": f"call-{number}", "turns": [{"speaker": s, "text": text} for s, text in texts]})


@pytest.fixture(autouse=True)
def _key_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody is warned of it."""
    monkeypatch.setenv("AUSWEIS_STORE_KEY_FILE", str(tmp_path / "elsewhere" / "key"))


@pytest.fixture
def server() -> Iterator[Served]:
    with serving(SCRIPT) as found:
        yield found


def run(server: Served, path: Path, count: int, **more: Any) -> ScoreSummary:
    engine = ServerEngine(server.address, workers=4, retry_policy=PATIENT)
    try:
        scorer = Scorer(SmallReader(engine), engine, find_policy("telecom-de"))
        with Store.open(path) as store:
            return score([call(n) for n in range(count)], local_runner(scorer), store.begin(scorer.origin), **more)
    finally:
        engine.close()


def verdicts(path: Path) -> list[str]:
    return sorted(in_order(path))


@pytest.fixture
def whole(server: Served, tmp_path: Path) -> list[str]:
    """The verdicts of a run without faults."""
    assert run(server, tmp_path / "whole", 24).complete
    server.asked.clear()
    found = verdicts(tmp_path / "whole")
    assert len(found) == 24
    return found


def test_faults_that_pass_leave_no_trace(server: Served, whole: list[str], tmp_path: Path) -> None:
    choose = random.Random(4711)
    server.misdeed = lambda asked: choose.choice(PASSING) if asked.attempt <= 2 and choose.random() < 0.5 else None
    summary = run(server, tmp_path / "s", 24)
    assert (summary.complete, summary.tally.counts.failed, summary.tally.counts.verdicts) == (True, 0, 24)
    assert verdicts(tmp_path / "s") == whole
    assert any(count > 1 for count in server.texts().values())


def test_a_call_that_cannot_be_read_fails_alone_and_can_be_tried_again(
    server: Served, whole: list[str], tmp_path: Path
) -> None:
    server.misdeed = lambda asked: drop if "Anruf 7." in asked.text else None
    summary = run(server, tmp_path / "s", 24)
    assert (summary.complete, summary.tally.counts.failures) == (True, {"engine": 1})
    (failure,) = failures(tmp_path / "s")
    assert failure["call_id"] == "call-7"
    assert "broke the connection off (tried 4 times)" in failure["message"]
    assert "Krummbiegel" not in failure["message"]
    assert len(verdicts(tmp_path / "s")) == 23
    server.misdeed = lambda asked: None
    server.asked.clear()
    assert run(server, tmp_path / "s", 24).tally.counts.failed == 0
    assert verdicts(tmp_path / "s") == whole
    assert all(asked.text.endswith("7.") for asked in server.asked)


def test_a_server_that_goes_away_ends_the_run_and_nothing_is_lost(
    server: Served, whole: list[str], tmp_path: Path
) -> None:
    """It goes away five times in the middle of the run; each time the run ends, and goes on with the next server."""
    for _ in range(5):
        with serving(SCRIPT) as dying:
            dying.misdeed = after(13, dying)
            with pytest.raises(ModelError, match=r"cannot be reached|questions in a row"):
                run(dying, tmp_path / "s", 24)
        assert failures(tmp_path / "s") == []
    settled = {one.facts.call_id for one in judged(tmp_path / "s")}
    assert 5 <= len(settled) < 24
    server.asked.clear()
    assert run(server, tmp_path / "s", 24).complete
    assert verdicts(tmp_path / "s") == whole
    asked_again = {asked.text.rstrip(".").rpartition(" ")[2] for asked in server.asked}
    assert not asked_again & {one.removeprefix("call-") for one in settled}


def after(count: int, server: Served) -> Callable[[Asked], Misdeed | None]:
    """After so many requests: take no connections any more, and break off those that there are."""

    def leave(handler: Any, asked: Asked) -> None:
        server.leave()
        drop(handler, asked)

    return lambda asked: leave if asked.number > count else None


def test_stopped_in_the_middle(server: Served, whole: list[str], tmp_path: Path) -> None:
    written = 0

    def stop(progress: object) -> None:
        nonlocal written
        written += 1
        if written == 6:
            server.misdeed = lambda asked: stall
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(server, tmp_path / "s", 24, on_progress=stop)
    assert time.monotonic() - begun < SOON
    assert len(verdicts(tmp_path / "s")) == 6
    server.misdeed = lambda asked: None
    assert run(server, tmp_path / "s", 24).complete
    assert verdicts(tmp_path / "s") == whole


def command(server: Served, folder: Path, *more: str, calls: int = 12) -> list[str]:
    lines = (call(number).model_dump_json() + "\n" for number in range(calls))
    (folder / "calls.jsonl").write_text("".join(lines), encoding="utf-8")
    engine = ("--engine", f"server:{server.address}", "--strategy", "turnwise")
    return [sys.executable, str(READER), "score", "calls.jsonl", "--policy", "telecom-de", *engine, *more]


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(ROOT / "src"),
        "AUSWEIS_CACHE": str(folder / "cache"),
        "AUSWEIS_API_KEY": "geheim",
    }


def ran(server: Served, folder: Path, *more: str, calls: int = 12) -> "subprocess.CompletedProcess[str]":
    command_ = command(server, folder, *more, calls=calls)
    return subprocess.run(command_, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=120)


def found(folder: Path) -> list[Judged]:
    return judged(folder / "ausweis.sqlite")


def test_the_command_line(server: Served, tmp_path: Path) -> None:
    server.key = "geheim"
    server.misdeed = lambda asked: status(429, "0") if asked.number % 12 == 1 else None
    done = ran(server, tmp_path, "--workers", "3", "--quiet", "--json")
    assert (done.returncode, done.stderr) == (0, UNMEASURED)
    assert json.loads(done.stdout)["verdicts"] == 12
    assert not [path for path in tmp_path.glob("ausweis.sqlite*") if b"geheim" in path.read_bytes()]
    assert {one.verdict.model_dump()["provenance"]["model"]["engine"] for one in found(tmp_path)} == {"server (tests)"}
    assert max(server.at_once) <= 3
    server.asked.clear()
    again = ran(server, tmp_path, "--quiet")
    assert (again.returncode, again.stderr, len(found(tmp_path))) == (0, UNMEASURED, 12)
    assert not [asked for asked in server.asked if "Anruf" in asked.text]


def test_a_warning_is_one_line(server: Served, tmp_path: Path) -> None:
    server.key, server.probabilities = "geheim", "none"
    done = ran(server, tmp_path, "--quiet")
    assert done.returncode == 0
    warning = "tells no log-probabilities: how sure the model is of an answer is not known"
    assert done.stderr == f"ausweis: the server at {server.address} {warning}\n{UNMEASURED}"


@pytest.mark.parametrize("probabilities", ["model", "none"])
def test_a_model_that_finds_nothing_is_not_certain(tmp_path: Path, probabilities: str) -> None:
    """What was not found has a prior: as many calls are violations as the policy expects; a person looks."""
    with serving([{"answer": "nothing"}], key="geheim", probabilities=probabilities) as server:
        done = ran(server, tmp_path, "--quiet")
    assert done.returncode == 0
    assert done.stderr.endswith(
        f"{UNMEASURED}ausweis: the model scripted (strategy turnwise) found nothing in any of 12 calls: "
        "it can probably not read them; listen to some\n"
    )
    for verdict in (one.verdict for one in found(tmp_path)):
        assert (verdict.outcome, verdict.risk, verdict.confidence) == ("not_applicable", 0.1, 0.9)
        assert [reason.code for reason in verdict.review_reasons] == ["unmeasured_reader"]


def test_a_single_call_without_an_event_is_no_sign(tmp_path: Path) -> None:
    with serving([{"answer": "nothing"}], key="geheim") as server:
        done = ran(server, tmp_path, "--quiet", calls=1)
    assert (done.returncode, done.stderr) == (0, UNMEASURED)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--threads", "2"), "--threads is for the engine llama"),
        (("--model", "other"), "has no such model (there are: scripted)"),
        (("--engine", "server:"), "the engine must be llama, server:URL"),
        (("--engine", "server:ftp://x"), "must look like http://127.0.0.1:8080/v1"),
    ],
)
def test_wrong_use_is_one_sentence(server: Served, tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    server.key = "geheim"
    done = ran(server, tmp_path, *options)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
    assert not server.asked


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal_while_the_server_is_silent(server: Served, tmp_path: Path, number: signal.Signals) -> None:
    server.key = "geheim"
    server.misdeed = lambda asked: stall if asked.number > 6 else None
    process = subprocess.Popen(
        command(server, tmp_path),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 120
    while len(server.asked) < 9:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)
    begun = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert time.monotonic() - begun < SOON
    assert process.returncode == 130
    assert err == "ausweis: stopped: the same command goes on\n"
