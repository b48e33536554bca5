import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from tests.cli.processes import FAKE, Run

from ausweis.cli.schema import CONTRACTS, schema


def printed(contract: str) -> dict[str, Any]:
    result = CliRunner().invoke(schema, [contract])
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.output)
    return found


@pytest.mark.parametrize("contract", list(CONTRACTS))
def test_is_a_json_schema_that_refuses_unknown_keys(contract: str) -> None:
    found = printed(contract)
    Draft202012Validator.check_schema(found)
    assert any("additional" in e.message.lower() for e in Draft202012Validator(found).iter_errors({"nonsense": 1}))


def test_what_a_run_writes_fits(run: Run, write_calls: Callable[..., str], folder: Path) -> None:
    bad = {"id": "bad", "turns": [{"speaker": "agent", "text": "Ja?"}, {"speaker": "caller", "text": "Störgeräusch"}]}
    run("score", write_calls(3, bad), *FAKE, "--run", "r")
    files = {"verdict": "verdicts.jsonl", "facts": "facts.jsonl", "failure": "failures.jsonl", "call": "../calls.jsonl"}
    for contract, name in files.items():
        validator = Draft202012Validator(printed(contract))
        lines = (folder / "r" / name).read_text().splitlines()
        assert lines
        for line in lines:
            validator.validate(json.loads(line))
    Draft202012Validator(printed("run")).validate(json.loads((folder / "r" / "run.json").read_text()))


def test_unknown_contract() -> None:
    assert CliRunner().invoke(schema, ["letter"]).exit_code == 2
