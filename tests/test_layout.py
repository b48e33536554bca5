"""Tests stand where what they test stands: `tests/PKG/test_X.py` is of `ausweis/PKG/X.py`, or of a theme named here."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "ausweis"
THEMES = {
    ".": "architecture dependencies docs entry_points layout lines packages stages",
    "batch": "going_on runners",
    "calls": "bad_files fuzz linear_time",
    "cli": "arguments help kill output_files ray ray_model reviewers strategies unforeseen",
    "engines/server": "faults real run sick",
    "engines/weights": "kinds sources",
    "evals": "golden_incidents",
    "judging": "hearing own_words package properties",
    "policies": "broken_policies policies",
    "masking": "golden spellings",
    "pages": "decided languages",
    "prompts": "broken_templates cli role_injection",
    "reading": "described dialogue linear_time",
    "serve": "browser explained figures_browser heard heard_browser keys morning narrowing own_words player "
    "sheet sheet_browser signin team_browser unsent working",
    "store": "damage",
    "views": "plurals",
}
"""What no module alone is of, by folder."""
ELSEWHERE = {"e2e", "lab"}
"""Folders whose tests are of more than one package, or of what stands outside the product."""


@pytest.mark.parametrize("folder", sorted({path.parent for path in TESTS.rglob("test_*.py")}))
def test_each_file_is_of_a_module_or_of_a_theme(folder: Path) -> None:
    place = folder.relative_to(TESTS)
    if place.parts and place.parts[0] in ELSEWHERE:
        return
    names = {path.stem.removeprefix("test_") for path in folder.glob("test_*.py")}
    modules = {path.stem for path in (SOURCE / place).iterdir() if path.suffix == ".py" or path.is_dir()}
    themes = set(THEMES.get(place.as_posix(), "").split())
    assert names - modules - themes == set(), "no module has this name"
    assert themes - names == set(), "a theme without a file"
