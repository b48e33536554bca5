"""A copy of a recording is known by its name, whatever the id: no half one is missed, and no other call's is taken."""

from pathlib import Path

import pytest

from ausweis.audio.hearing import _copy
from ausweis.store.line_files import ids_of, is_half


@pytest.mark.parametrize("call_id", ["call-77", "../../x", ".foo", "foo", "..", "a b/ü%2F", "a.b", "x.agent.caller"])
@pytest.mark.parametrize("sides", [1, 2])
def test_copies_are_known_as_they_are_named(tmp_path: Path, call_id: str, sides: int) -> None:
    files = [tmp_path / f"{number}.wav" for number in range(sides)]
    for file in files:
        file.touch()
    folder = tmp_path / "recordings"
    _copy(files, folder, call_id)
    names = [path.name for path in folder.iterdir()]
    assert len(names) == sides
    for name in (*names, *(f".{name}.part" for name in names)):
        assert call_id in ids_of(name)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("call-77.wav", {"call-77"}),
        ("call-77.agent.wav", {"call-77", "call-77.agent"}),
        (".call-77.wav.part", {"call-77"}),
        (".foo.wav", {".foo"}),
        ("..foo.wav.part", {".foo"}),
        ("..%2F..%2Fx.wav", {"../../x"}),
        ("x.agent.caller.wav", {"x.agent.caller", "x.agent"}),
    ],
)
def test_no_other_call_has_such_a_copy(name: str, ids: set[str]) -> None:
    assert ids_of(name) == ids
    assert is_half(name) == name.endswith(".part")
