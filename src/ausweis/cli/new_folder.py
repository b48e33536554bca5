"""The folder of a run that nobody named, and how one that was broken off goes on."""

from datetime import UTC, datetime
from pathlib import Path

__all__ = ["going_on", "new_folder"]


def new_folder(before: str = "", after: str = "") -> Path:
    """`runs/<before><UTC time><after>`; with a number behind it where another run of the same second has that."""
    name = f"{before}{datetime.now(UTC):%Y%m%dT%H%M%SZ}{after}"
    folder, number = Path("runs") / name, 1
    while folder.exists():
        number += 1
        folder = Path("runs") / f"{name}-{number}"
    return folder


def going_on(folder: Path | None, manifest: str) -> str:
    """What to type to go on with a run; nothing where its manifest is not there, and so nothing is kept."""
    begun = folder is not None and (folder / manifest).is_file()
    return f"go on with the same command and --run {folder} --resume" if begun else ""
