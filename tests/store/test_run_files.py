"""What a run passed over has no name of a call that was deleted."""

from pathlib import Path

from tests.store.runs import make_call, make_run

from ausweis.batch.manifest import MANIFEST_FILE, read_manifest
from ausweis.calls import PassedOver
from ausweis.store.run_files import clean_run


def test_a_deleted_call_is_not_among_what_was_passed_over(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", [make_call(8)])
    made = read_manifest(folder)
    assert made is not None
    passed = PassedOver("transcript", 102, ("/calls/call-77.wav", "/calls/call-777.wav", "/calls/call-77.agent.wav"))
    hidden = PassedOver("hidden", 1, ("/calls/call-77.json",))
    text = made.model_copy(update={"passed_over": (passed, hidden)}).model_dump_json(by_alias=True)
    (folder / MANIFEST_FILE).write_text(text)
    assert clean_run(folder, frozenset({"call-77"})) == [folder / MANIFEST_FILE]
    cleaned = read_manifest(folder)
    assert cleaned is not None
    assert cleaned.passed_over == (PassedOver("transcript", 100, ("/calls/call-777.wav",)),)
    assert clean_run(folder, frozenset({"call-77"})) == []
