"""The script in the docs says what the docs say: it answers the questions about a call as the templates ask them."""

import json
import re
from pathlib import Path

import pytest

from ausweis.cli import main

DOCS = Path(__file__).parents[2] / "docs" / "engines.md"
CALL = """\
AGENT: Guten Tag, was kann ich für Sie tun?
CALLER: Wendt mein Name, Kennwort Apfelbaum, wann endet mein Vertrag?
AGENT: Ihr Vertrag läuft bis Mai.
"""


def test_the_script_in_the_docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [script] = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("answers.yaml").write_text(script, encoding="utf-8")
    Path("good.txt").write_text(CALL, encoding="utf-8")
    Path("bad.txt").write_text(CALL + "CALLER: Störgeräusch\n", encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        main(["score", "good.txt", "bad.txt", "--policy", "telecom-de", "--engine", "fake:answers.yaml", "--run", "r"])
    assert caught.value.code == 3
    facts = json.loads(Path("r/facts.jsonl").read_text(encoding="utf-8"))
    assert facts["call_id"] == "good"
    events = [(one["turn"], one["kind"], one["subject"]) for one in facts["events"]]
    assert events == [(2, "gives", "password"), (3, "discloses", "contract_data")]
    assert "no answer for this call" in Path("r/failures.jsonl").read_text(encoding="utf-8")
