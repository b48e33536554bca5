import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from tests.cli.processes import FAKE, Run
from tests.stored import judged

from ausweis.cli.schema import CONTRACTS, schema
from ausweis.facts import facts_line


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


def test_what_is_written_fits(run: Run, write_calls: Callable[..., str], folder: Path) -> None:
    run("score", write_calls(3), *FAKE, "--out", "verdicts.jsonl")
    facts = [facts_line(one.facts) for one in judged(folder / "ausweis.sqlite")]
    files = {name: (folder / f"{name}s.jsonl").read_text("utf-8").splitlines() for name in ("call", "verdict")}
    for contract, lines in (*files.items(), ("facts", facts)):
        validator = Draft202012Validator(printed(contract))
        assert len(lines) == 3
        for line in lines:
            validator.validate(json.loads(line))


def test_unknown_contract() -> None:
    assert CliRunner().invoke(schema, ["letter"]).exit_code == 2
