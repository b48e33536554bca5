import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.pages.eval_runs import SYSTEM, source, write_run
from tests.prompts.conftest import Write

from ausweis.cli.prompts import prompts
from ausweis.errors import PromptError
from ausweis.evals.folder import write_eval
from ausweis.prompts import Lock, default_library


@pytest.fixture(autouse=True)
def _use_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(folder))


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(prompts, arguments, input=text)


def test_list_tells_released_from_draft(write: Write) -> None:
    write(1)
    write(2)
    assert run("release", "agent-act@1", "-m", "first", "--force").exit_code == 0
    rows = [row for row in run("list").output.splitlines() if "agent-act@" in row]
    assert ["draft" in row for row in rows] == [False, True]
    assert all("3 labels" in row for row in rows)
    told = {f"{one['id']}@{one['version']}": one for one in json.loads(run("list", "--json").output)}
    assert (told["agent-act@1"]["message"], told["agent-act@2"]["released"]) == ("first", None)
    assert told["agent-act@2"]["labels"] == ["asks", "tells", "no"]
    assert {template.name for template in default_library().templates()} == set(told)


def test_show_asks_about_an_example_and_names_the_file(write: Write) -> None:
    """The example that is asked about is not among those that show how to answer."""
    path = write()
    result = run("show", "agent-act")
    shown = result.stdout
    assert result.stderr == f"{path}\n"
    assert shown.startswith("[system]\nName what the agent does.\n\n[user]\n")
    assert "caller: And my balance?\nagent: Your balance is twelve pounds." in shown
    assert shown.rstrip().endswith("[user]\nagent: Wie lautet Ihre PIN?")
    assert shown.count("Wie lautet Ihre PIN?") == 1


@pytest.fixture
def call(tmp_path: Path) -> str:
    """A file of a call of three turns."""
    lines = ("Guten Tag, Ihre PIN?", "Meine PIN ist 1234.", "Danke. Ihr Vertrag läuft bis Mai.")
    turns = [{"speaker": ("agent", "caller")[place % 2], "text": text} for place, text in enumerate(lines)]
    path = tmp_path / "call.json"
    path.write_text(json.dumps({"id": "c1", "turns": turns}), "utf-8")
    return str(path)


@pytest.mark.usefixtures("shipped")
def test_show_of_a_template_whose_words_are_those_of_the_policy() -> None:
    shown = run("show", "call-events").stdout
    assert "- pin: A secret number that the customer alone knows." in shown
    assert "- discloses contact_data: " in shown


@pytest.mark.usefixtures("shipped")
def test_show_prints_what_is_asked_about_a_call(call: str) -> None:
    """What several questions have in common once, then each under its turn."""
    one = run("show", "agent-turn", "--call", call, "--turn", "3").stdout
    assert one.rstrip().endswith(
        "[user]\nagent: Guten Tag, Ihre PIN?\ncaller: Meine PIN ist 1234.\nagent: Danke. Ihr Vertrag läuft bis Mai."
    )
    both = run("show", "agent-turn", "--call", f"{call}#c1").stdout
    assert both.count("[system]") == 1
    assert [line for line in both.splitlines() if line.startswith("---")] == [
        "--- agent-turn@1, turn 1",
        "--- agent-turn@1, turn 3",
    ]
    assert one.split("[user]\nagent: Guten Tag")[0] in both
    transcript = run("show", "transcript", "--call", call).stdout
    behind = run("show", "third-party", "--call", call).stdout
    assert transcript.rstrip().endswith("agent: Danke. Ihr Vertrag läuft bis Mai.")
    assert behind.startswith(transcript.rstrip())
    assert behind.rstrip().endswith("[assistant]\nDie Person ruft an für")


@pytest.mark.usefixtures("shipped")
def test_show_of_a_template_that_has_no_example() -> None:
    assert "transcript@2 has no example to show: give --call FILE" in str(run("show", "transcript@2").exception)


def test_a_turn_is_one_of_a_call(write: Write) -> None:
    write()
    assert str(run("show", "agent-act", "--turn", "1").exception) == "--turn is for --call"


def test_try_prints_the_answer_and_what_else_it_may_be(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUSWEIS_PROMPTS")
    draft = tmp_path / "draft.md"
    draft.write_text(
        default_library().get("agent-turn@1").path.read_text("utf-8").replace("version: 1", "version: 9"), "utf-8"
    )
    events = {"start": "middle", "events": [{"turn": 2, "quote": "1234", "event": "gives pin"}]}
    answers = [
        {"template": "agent-turn@9", "contains": "Vertrag", "answer": {"tells contract data": 0.9, "nothing": 0.1}},
        {"template": "agent-turn@9", "answer": "asks pin"},
        {"template": "call-events", "answer": events},
    ]
    (tmp_path / "a.yaml").write_text(json.dumps({"answers": answers}), "utf-8")
    fake = ("--call", call, "--engine", f"fake:{tmp_path / 'a.yaml'}")
    told = run("try", str(draft), *fake, "--turn", "3").stdout.splitlines()
    assert told == [
        "agent-turn@9, turn 3",
        "   90.0%  tells contract data",
        "   10.0%  nothing",
        "  all others below 0.1%",
    ]
    assert run("try", str(draft), *fake).stdout.splitlines() == [
        "agent-turn@9, turn 1: asks pin 100.0%",
        "agent-turn@9, turn 3: tells contract data 90.0%, nothing 10.0%",
    ]
    name, _, text = run("try", "call-events", *fake).stdout.partition("\n")
    assert (name, json.loads(text)) == (f"{default_library().get('call-events').name}, the call", events)


@pytest.mark.alone
@pytest.mark.model
@pytest.mark.usefixtures("shipped")
def test_the_model_is_tried(call: str) -> None:
    """What heads read: each label of a turn with its probability, the likeliest first."""
    told = run("try", "transcript@1", "--call", call, "--turn", "2").stdout.splitlines()
    assert told[0] == "transcript@1, turn 2"
    assert {line.split("%  ")[1] for line in told[1:3]} == {"gives", "gives pin"}
    chances = [float(line.partition("%")[0]) for line in told[1:-1]]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 80


def test_lint_exit_codes(write: Write) -> None:
    path = write()
    assert run("lint").exit_code == 0
    assert run("lint", str(path)).exit_code == 0
    run("release", "agent-act", "--force", text="first\n")
    path.write_text(path.read_text().replace("Mhm.", "Aha."))
    for files in ((), (str(path),)):
        result = run("lint", *files)
        assert result.exit_code == 1
        assert f"{path}: agent-act@1 was changed after its release" in result.stderr


def test_lint_of_a_file_looks_at_the_lock_in_its_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write()
    run("release", "agent-act", "--force", text="first\n")
    monkeypatch.delenv("AUSWEIS_PROMPTS")
    assert run("lint", str(path)).exit_code == 0
    path.write_text(path.read_text().replace("Mhm.", "Aha."))
    assert "agent-act@1 was changed after its release" in run("lint", str(path)).stderr


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own over those that ship; transcript and third-party have a second version in it."""
    monkeypatch.delenv("AUSWEIS_PROMPTS")
    own = tmp_path / "own"
    for name in ("transcript", "third-party"):
        text = default_library().get(f"{name}@1").path.read_text("utf-8").replace("version: 1", "version: 2")
        (own / name).mkdir(parents=True)
        (own / name / "2.md").write_text(text, "utf-8")
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(own))
    return own


@pytest.mark.parametrize(("name", "kind"), [("transcript", "probe"), ("third-party", "answers")])
def test_what_nothing_was_learned_for_is_released_only_by_force(shipped: Path, name: str, kind: str) -> None:
    refused = run("release", f"{name}@2", "-m", "better")
    assert refused.exception is not None
    assert str(refused.exception).startswith(f"{shipped / name / '2.md'}: {name}@2 has no {kind} learned for it, so")
    assert f"`python -m evals.lab train {kind} …" in str(refused.exception)
    assert not (shipped / "prompts.lock").exists()
    told = f"ausweis: {name}@2 has nothing learned for qwen2.5-coder-1.5b: calls are read with {name}@1"
    assert run("lint").stderr == ""
    assert told in run("release", name, "-m", "better", "--force").stderr.splitlines()
    lint = run("lint")
    assert told in lint.stderr.splitlines()
    assert (lint.exit_code, "nothing else to complain about" in lint.stdout) == (0, True)


def measured(folder: Path, *prompts: str, complete: bool = True) -> str:
    """A finished eval run of four calls that asked with these templates."""
    write_run(folder)
    found = source()
    system = SYSTEM.model_copy(update={"prompts": prompts})
    update = {"system": system, "complete": complete}
    write_eval(folder, found.manifest.model_copy(update=update), found.cases, found.summary)
    return str(folder)


def test_a_release_rests_on_an_eval_run_of_this_very_version(write: Write, folder: Path, tmp_path: Path) -> None:
    path = write(1)
    refused = run("release", "agent-act@1", "-m", "first")
    how = "`ausweis eval run --prompt agent-act@1 --out DIR`, then give --run DIR, or --force"
    assert str(refused.exception) == f"{path}: agent-act@1 was not measured: {how}"
    stamp = str(default_library().get("agent-act@1").provenance)
    other = measured(tmp_path / "other", "agent-act@1 (0123456789ab)", "call-start@1 (ab)")
    refused = run("release", "agent-act@1", "-m", "first", "--run", other)
    told = f"the run did not ask with {stamp}, but with agent-act@1 (0123456789ab), call-start@1 (ab)"
    assert str(refused.exception) == f"{other}: {told}"
    stopped = measured(tmp_path / "stopped", stamp, complete=False)
    assert "was stopped" in str(run("release", "agent-act@1", "-m", "first", "--run", stopped).exception)
    assert not (folder / "prompts.lock").exists()
    whole = measured(tmp_path / "whole", "call-start@1 (ab)", stamp)
    assert run("release", "agent-act@1", "-m", "first", "--run", whole).exit_code == 0
    entry = json.loads((folder / "prompts.lock").read_bytes())["agent-act@1"]
    cases = hashlib.sha256((tmp_path / "whole" / "cases.jsonl").read_bytes()).hexdigest()
    assert entry["run"] == {"sha256": cases, "calls": 4, "right": 0.5, "found": 0.333, "false_alarms": 0.0}
    write(2, ("Mhm.", "Aha."))
    assert run("release", "agent-act@2", "-m", "second", "--force").exit_code == 0
    entries = json.loads((folder / "prompts.lock").read_bytes())
    assert (entries["agent-act@1"], "run" in entries["agent-act@2"]) == (entry, False)
    assert run("lint").exit_code == 0


def test_releases_of_before_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUSWEIS_PROMPTS")
    (shipped,) = default_library().locks
    copied = Lock(tmp_path / "prompts.lock", shipped.entries)
    copied.add("call-events@1", shipped.entries["call-events@1"])
    assert copied.path.read_bytes() == shipped.path.read_bytes()


def test_lint_looks_at_both_folders(shipped: Path) -> None:
    """A version that ships has one text, also in a folder that lies over it."""
    good = run("lint")
    assert (good.exit_code, f" templates in {shipped} over " in good.stdout) == (0, True)
    draft = (shipped / "transcript" / "2.md").read_text("utf-8")
    (shipped / "transcript" / "1.md").write_text(draft.replace("version: 2", "version: 1") + "\n", "utf-8")
    changed = run("lint")
    assert changed.exit_code == 1
    assert changed.stderr.startswith(f"{shipped / 'transcript' / '1.md'}: transcript@1 was changed after its release")
    assert changed.stderr.endswith("put it back, and write the change as version 3\n")


def test_lint_of_a_folder_without_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistyped path passes no check."""
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(tmp_path))
    with pytest.raises(PromptError, match="holds no template") as caught:
        CliRunner().invoke(prompts, ["lint"], catch_exceptions=False)
    assert caught.value.place == str(tmp_path)
