"""The `__init__.py` of a package is its map: each module stands on it, and each name that it gives exists."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "ausweis"
PACKAGES = sorted(
    ".".join(("ausweis", *init.parent.relative_to(SOURCE).parts))
    for init in SOURCE.rglob("*/__init__.py")
    # The commands have a table of contents of their own: `ausweis --help`.
    if init.parent != SOURCE and "cli" not in init.parts
)


@pytest.mark.parametrize("name", PACKAGES)
def test_each_module_is_on_the_map(name: str) -> None:
    folder = SOURCE.joinpath(*name.split(".")[1:])
    modules = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    assert modules - {"__init__"} - set(re.findall(r"\w+", importlib.import_module(name).__doc__ or "")) == set()


@pytest.mark.parametrize("name", PACKAGES)
def test_each_name_of_a_package_exists(name: str) -> None:
    package = importlib.import_module(name)
    names = getattr(package, "__all__", [])
    assert [one for one in names if not hasattr(package, one)] == []
    assert len(names) == len(set(names))


def test_engines_load_no_library_of_a_model_before_it_is_asked_for() -> None:
    code = "import sys, ausweis.engines, ausweis.engines.llama, ausweis.engines.weights; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"llama_cpp", "llguidance", "safetensors", "httpx", "torch"} & set(loaded) == set()
