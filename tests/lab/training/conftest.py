"""Tests that learn run side by side, each with one thread: several of each would wait for each other."""

from pathlib import Path

import pytest

POLICY = """
id: harbour
version: "1"
title: Berths
language: en
factors:
  berth_number:
    {name: the berth number, description: "The number  of the berth.", strength: weak, looks_like: letters}
levels: {standard: {any_of: [[berth_number]]}}
actions: {disclosure: {contract_data: standard}}
"""


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)


@pytest.fixture
def policy(tmp_path: Path) -> str:
    """The path of one with a factor of its own."""
    path = tmp_path / "harbour.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return str(path)
