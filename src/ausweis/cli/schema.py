"""`ausweis schema`: the contracts as JSON Schema."""

import json
from importlib import import_module
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from pydantic import BaseModel

Mode = Literal["validation", "serialization"]

CONTRACTS: dict[str, tuple[str, str, Mode]] = {
    "call": ("ausweis.calls.call", "Call", "validation"),
    "verdict": ("ausweis.judging.verdict", "Verdict", "serialization"),
    "facts": ("ausweis.facts", "Facts", "serialization"),
    "policy": ("ausweis.policies", "Policy", "validation"),
}
"""Module and model of each contract. What users write may leave keys out; what Ausweis writes has them all."""


@click.command(epilog="\b\nExample:\n  ausweis schema verdict > verdict.schema.json")
@click.argument("contract", type=click.Choice(list(CONTRACTS)))
def schema(contract: str) -> None:
    """Print the JSON Schema (2020-12) of a CONTRACT.

    A policy that fits its schema may still be impossible, say with a level that is not defined:
    ausweis policies validate checks that too.
    """
    click.echo(json.dumps(json_schema_of(contract), indent=2, ensure_ascii=False))


def json_schema_of(contract: str) -> dict[str, object]:
    """The JSON Schema of one of the CONTRACTS."""
    module, name, mode = CONTRACTS[contract]
    model: type[BaseModel] = getattr(import_module(module), name)
    body = model.model_json_schema(by_alias=True, mode=mode)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body}
