"""What tests of model files share: installed packages that carry pieces, and the command that puts them together."""

from pathlib import Path

from click.testing import CliRunner, Result

from ausweis.cli.models import models


def distribution(site: Path, name: str, version: str) -> None:
    """Make a package count as installed; its files are written by the test."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def names(folder: Path) -> list[str]:
    """What stands in a folder, which need not be there."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def run(*arguments: str) -> Result:
    """`ausweis models` with these arguments."""
    return CliRunner().invoke(models, arguments)
