"""The folder of a run that nobody named."""

from datetime import UTC, datetime
from pathlib import Path

__all__ = ["new_folder"]


def new_folder(before: str = "", after: str = "") -> Path:
    """`runs/<before><UTC time><after>`; with a number behind it where another run of the same second has that."""
    name = f"{before}{datetime.now(UTC):%Y%m%dT%H%M%SZ}{after}"
    folder, number = Path("runs") / name, 1
    while folder.exists():
        number += 1
        folder = Path("runs") / f"{name}-{number}"
    return folder
