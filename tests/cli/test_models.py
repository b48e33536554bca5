"""`ausweis models` and what was learned for them; model files: `tests/engines/weights`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ausweis.cli import models as command
from ausweis.cli.doctor import doctor
from ausweis.cli.models import models
from ausweis.engines.learned_index import Base, index_to_write
from ausweis.engines.llama import model as llama_model
from ausweis.engines.weights import catalogue
from ausweis.provenance import PromptProvenance

GB = 10**9


@pytest.fixture
def part(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learned part of a company's own."""
    (folder / "own").mkdir()
    monkeypatch.setenv("AUSWEIS_LEARNED", str(folder / "own"))
    template, base = PromptProvenance(id="weather", version=2, sha256="a" * 64), Base(id="tiny", sha256="b" * 64)
    return index_to_write().register("matcher", template, base, b"whole", "by hand")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(models, arguments)


def broken_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if "is cut short" in line]


def test_what_was_learned_for_each_model(part: Path) -> None:
    out = run("list").output
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if "│" in line]
    assert ["tiny", "matcher", "weather@2", "1", "5 bytes"] in [row[:5] for row in rows]
    assert ["qwen2.5-coder-1.5b", "probe", "transcript@1", "1"] in [row[:4] for row in rows]
    assert f"kept in {part.parent}" in out.replace("\n/", "/")


def test_the_list_as_json(part: Path) -> None:
    told = json.loads(run("list", "--json").output)
    assert [model["id"] for model in told["models"]] == [model.id for model in catalogue.entries()]
    assert {model["here"] for model in told["models"]} <= {"present", "absent", "wrong size"}
    (own,) = (one for one in told["learned"] if one["folder"] == str(part.parent))
    assert (own["kind"], own["template"]["id"], own["base"]["id"]) == ("matcher", "weather", "tiny")


def test_titles_are_whole_where_the_table_goes_into_a_file() -> None:
    out = run("list").output
    for model in catalogue.entries():
        assert model.title in out


@pytest.mark.parametrize(
    ("memory", "gpu", "cells"),
    [
        (10 * GB, None, ["fits", "fits", "needs 12 GB", "needs 19 GB"]),
        (24 * GB, None, ["fits"] * 4),
        (24 * GB, 8 * GB, ["fits the GPU", "fits", "fits", "fits"]),
        (10 * GB, 12 * GB, ["fits the GPU", "fits the GPU", "fits the GPU", "needs 19 GB"]),
        (None, None, [""] * 4),
    ],
)
def test_a_model_fits_if_a_long_call_has_room_beside_its_weights(
    monkeypatch: pytest.MonkeyPatch, memory: int | None, gpu: int | None, cells: list[str]
) -> None:
    """In what is free: 16,384 tokens of its own cache, and a GiB to compute in. An ASR model tells nothing."""
    monkeypatch.setattr(command, "usable_memory", lambda: memory)
    monkeypatch.setattr(llama_model, "gpu_memory", lambda: gpu)
    lines = [line for line in run("list").output.splitlines() if "│" in line]
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    found = {row[0]: row[-2] for row in rows if row[0]}
    assert [found[name] for name in ("qwen3-4b", "ministral-3-8b", "ministral-3-14b", "mistral-small-3.2")] == cells
    assert found["whisper-base"] == ""


def test_the_doctor_looks_at_them(part: Path) -> None:
    good = CliRunner().invoke(doctor).output
    assert "good     matcher 1 of weather@2 for tiny: present, its hash is right" in good
    assert "good     probe 1 of transcript@1 for qwen2.5-coder-1.5b: present, its hash is right" in good
    part.write_bytes(b"cut")
    (line,) = broken_of(CliRunner().invoke(doctor).output)
    assert line.startswith(f"warning  matcher 1 of weather@2 for tiny: {part}: the learned file is cut short")


@pytest.mark.usefixtures("part")
def test_without_the_folder_nothing_can_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_LEARNED", str(folder / "none"))
    out = CliRunner().invoke(doctor).output
    assert f"missing  learned parts: {folder / 'none'}: AUSWEIS_LEARNED names no folder: make it" in out
