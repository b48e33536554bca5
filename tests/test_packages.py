"""The `__init__.py` of a package is its map: each module stands on it, and each name that it gives exists.

A name with an underscore is used in its own module alone.
"""

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

MODULES = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
        path.read_bytes()
    )
    for path in sorted(SOURCE.rglob("*.py"))
}


def used(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Which names of which modules of ours a file uses, by `from module import name` or as `module.name`."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in MODULES:
                    modules[alias.asname or alias.name] = whole
                else:
                    yield node.module, alias.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            if f"{module}.{node.attr}" not in MODULES:
                yield module, node.attr


def test_a_name_with_an_underscore_stays_in_its_module() -> None:
    private = {
        f"{place} uses {name} of {module}"
        for place, tree in MODULES.items()
        for module, name in used(tree)
        if name.startswith("_") and not name.startswith("__")
    }
    assert private == set()


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


def test_masking_loads_no_engine_reader_or_prompt() -> None:
    code = "import sys, ausweis.masking; print(*(name for name in sys.modules if name.startswith('ausweis')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert len(loaded) < 15
    assert {name.split(".")[1] for name in loaded if "." in name} == {"masking", "spoken", "vocabulary"}


@pytest.mark.parametrize("name", ["ausweis.judging", "ausweis.batch", "ausweis.store"])
def test_what_only_works_with_facts_and_verdicts_loads_no_engine_reader_or_prompt(name: str) -> None:
    code = f"import sys, {name}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    parts = {".".join(module.split(".")[:2]) for module in loaded}
    assert {"ausweis.engines", "ausweis.prompts", "ausweis.reading"} & parts == set()
