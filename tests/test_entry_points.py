"""What others add: a package with a transcript format and an engine, installed from its wheel, in one command."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.stored import judged

CODE = """
from ausweis.engines.protocol import Result
from ausweis.provenance import ModelProvenance


def read(data):
    lines = [line.split("|") for line in data.decode().splitlines()]
    return {"id": "acme-1", "turns": [{"speaker": who, "text": text} for who, text in lines]}


class Oracle:
    calls_at_once = 1

    def __init__(self, argument, model="none"):
        self.info = ModelProvenance(id=f"{argument}-{model}", sha256="a" * 64, engine="oracle")

    def complete(self, requests):
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        words = request.messages[-1].content
        told = "tells contract data" if "Vertrag läuft" in words else "nothing"
        choice = next((one for one in request.choices if one == told), request.choices[0] if request.choices else "{}")
        return Result(text=choice, probabilities=tuple(float(one == choice) for one in request.choices))

    def close(self):
        pass
"""
ENTRY_POINTS = "[ausweis.transcripts]\nacme = acme:read\n\n[ausweis.engines]\noracle = acme:Oracle\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder that the package is installed into from its wheel."""
    wheel = tmp_path / "acme-1-py3-none-any.whl"
    about = "acme-1.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("acme.py", CODE)
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/entry_points.txt", ENTRY_POINTS)
        archive.writestr(f"{about}/RECORD", "")
    target = tmp_path / "site"
    install = (sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", target, wheel)
    subprocess.run(install, check=True)
    return target


def score(folder: Path, site: Path, engine: str, *more: str) -> "subprocess.CompletedProcess[str]":
    command = (
        sys.executable,
        "-m",
        "ausweis",
        "score",
        "one.acme",
        "--policy",
        "telecom-de",
        "--engine",
        engine,
        *more,
    )
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        (*command, *more), cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )


def test_a_format_and_an_engine_of_an_installed_package(tmp_path: Path, site: Path) -> None:
    (tmp_path / "one.acme").write_text("agent|Ihr Vertrag läuft bis Mai.\ncaller|Danke schön.\n")
    ran = score(tmp_path, site, "oracle:delphi", "--strategy", "turnwise", "--model", "big", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["outcomes"] == {"violation": 1}
    [one] = judged(tmp_path / "ausweis.sqlite")
    assert one.facts.call_id == "acme-1"
    assert one.verdict.provenance is not None
    assert one.verdict.provenance.model is not None
    assert one.verdict.provenance.model.id == "delphi-big"


def test_an_engine_that_is_not_there_or_cannot_be_opened(tmp_path: Path, site: Path) -> None:
    (tmp_path / "one.acme").write_text("agent|Guten Tag.\n")
    ran = score(tmp_path, site, "pythia:x")
    assert (ran.returncode, "llama, server:URL, fake:FILE, oracle or recorded:DIR" in ran.stderr) == (2, True)
    ran = score(tmp_path, site, "oracle:delphi", "--threads", "2")
    assert ran.returncode == 2
    assert "the engine oracle (acme:Oracle) cannot be opened (TypeError)" in ran.stderr
