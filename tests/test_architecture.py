"""The page about the architecture is true: each package is on it, and imports from those above it only."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "ausweis"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ORDER = re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)


def package_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """The packages of ours that a file imports, at once or later, but for its own."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(level=0, module="ausweis", names=names):
                modules = [f"ausweis.{alias.name}" for alias in names]
            case ast.ImportFrom(level=0, module=str(module)):
                modules = [module]
            case _:
                modules = []
        packages = {module.split(".")[1] for module in modules if module.startswith("ausweis.")}
        yield from packages - {package_of(path), "__version__"}


def test_each_package_is_on_the_page() -> None:
    packages = {package_of(path) for path in SOURCE.rglob("*.py")} - {"__init__", "__main__"}
    assert packages == set(ORDER)


def test_imports_lead_to_packages_above() -> None:
    upward = [
        f"{path.relative_to(SOURCE)} imports {package}"
        for path in sorted(SOURCE.rglob("*.py"))
        if package_of(path) in ORDER
        for package in imports(path)
        if ORDER.index(package) > ORDER.index(package_of(path))
    ]
    assert upward == []
