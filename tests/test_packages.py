"""The `__init__.py` of a package is its map: each module stands on it, and each name that it gives exists."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "ausweis"
PACKAGES = sorted(
    ".".join(("ausweis", *init.parent.relative_to(SOURCE).parts))
    for init in SOURCE.rglob("*/__init__.py")
    # The commands have a table of contents of their own: `ausweis --help`.
    if init.parent != SOURCE and "cli" not in init.parts
)

UNLISTED = {"ausweis.judging.policy", "ausweis.serve.question", "ausweis.store.rows"}
"""Modules of which others import names that they do not list yet."""


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """The names that a file imports from modules of ours, at once or later."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "ausweis":
            yield from ((str(node.module), alias.name) for alias in node.names)


def lists(name: str) -> set[str] | None:
    """What stands in a module's `__all__`, and the modules in it; None where it lists nothing."""
    place = SOURCE.joinpath(*name.split(".")[1:])
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return {*ast.literal_eval(node.value), *(inner.stem for inner in place.glob("*"))}
    return None


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


def test_what_modules_import_from_one_another_is_listed_there() -> None:
    wanted: dict[str, dict[str, str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for module, name in imported(path):
            wanted.setdefault(module, {})[name] = str(path.relative_to(SOURCE))
    unlisted = {
        module: sorted(name for name in names if name not in listed)
        for module, names in sorted(wanted.items())
        if (listed := lists(module)) is not None
    }
    assert {module: names for module, names in unlisted.items() if names and module not in UNLISTED} == {}


def test_engines_load_no_library_of_a_model_before_it_is_asked_for() -> None:
    code = "import sys, ausweis.engines, ausweis.engines.llama, ausweis.engines.weights; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"llama_cpp", "llguidance", "safetensors", "httpx", "torch"} & set(loaded) == set()
