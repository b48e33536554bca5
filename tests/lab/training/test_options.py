"""What a training is told, and where what it learns is kept."""

from dataclasses import replace
from pathlib import Path

import pytest
from evals.lab.training.options import Options
from tests.probes import blank

from ausweis.engines.heads import Probe
from ausweis.engines.learned_index import newest
from ausweis.errors import InputError, PolicyError, RunError
from ausweis.prompts import default_library
from ausweis.provenance import ModelProvenance

MODEL = ModelProvenance(id="tiny", sha256="b" * 64, engine="fake")
TEMPLATE = default_library().get("transcript")
PROBE = blank(TEMPLATE, ("asks",), MODEL.sha256)


def options(out: Path | None = None, labelled: tuple[Path, ...] = ()) -> Options:
    def progress(calls: object) -> None: ...

    return Options(labelled, "tiny", "transcript", Path("work"), progress, print, out=out)  # type: ignore[arg-type]


def test_what_is_learned_is_kept_in_the_folder_where_the_reader_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUSWEIS_LEARNED", str(tmp_path))
    path = options().keeper("probe", TEMPLATE, MODEL, "learned from a.jsonl")(PROBE)
    index, part = newest("probe", TEMPLATE.provenance, MODEL.sha256) or pytest.fail("nothing is found")
    assert index.path(part) == path
    assert Probe.load(path).labels == PROBE.labels
    assert options().keeper("probe", TEMPLATE, MODEL, "")(PROBE).name.endswith(".v2.safetensors")


def test_the_place_of_a_file_is_made_before_anything_is_learned(tmp_path: Path) -> None:
    out = tmp_path / "new" / "probe.safetensors"
    keep = options(out).keeper("probe", TEMPLATE, MODEL, "")
    assert (tmp_path / "new").is_dir()
    assert keep(PROBE) == out
    assert [path.name for path in out.parent.iterdir()] == ["probe.safetensors"]
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"file.*cannot be written"):
        options(tmp_path / "file" / "probe.safetensors").keeper("probe", TEMPLATE, MODEL, "")


def one_call(folder: Path, *, policy: str = "telecom-de", subject: str = "pin") -> Path:
    """A file with a labelled call in which something is given."""
    file = folder / "calls.jsonl"
    line = f"""{{"call": {{"id": "a", "language": "de", "turns": [
            {{"speaker": "caller", "text": "Meine PIN ist 4711"}}]}},
        "gold": {{"policy": "{policy}", "outcome": "not_applicable", "events": [
            {{"turn": 1, "kind": "gives", "subject": "{subject}"}}]}}}}"""
    file.write_text(" ".join(line.split()), encoding="utf-8")
    return file


def test_a_label_that_its_policy_does_not_know_is_refused(tmp_path: Path) -> None:
    assert [labelled.call.id for labelled in options(labelled=(one_call(tmp_path),)).calls()] == ["a"]
    file = one_call(tmp_path, subject="shoe_size")
    with pytest.raises(InputError, match=r"a: gives shoe_size: turn 1 names what the policy telecom-de does not know"):
        options(labelled=(file,)).calls()
    file.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="no labelled calls"):
        options(labelled=(file,)).calls()


def test_a_policy_that_is_not_there_is_told_before_anything_is_read(tmp_path: Path) -> None:
    """Where calls will be judged by it: incidents are learned without."""
    file = one_call(tmp_path, policy="gone.yaml")
    with pytest.raises(PolicyError, match=r"gone.yaml: no such file"):
        options(labelled=(file,)).calls()
    assert [labelled.call.id for labelled in options(labelled=(file,)).calls(judged=False)] == ["a"]


def test_a_probe_to_go_on_from_must_fit(tmp_path: Path) -> None:
    PROBE.save(tmp_path / "probe")
    going_on = replace(options(), go_on=tmp_path / "probe")
    start = going_on.start(TEMPLATE, MODEL)
    assert start is not None
    assert start.labels == PROBE.labels
    assert options().start(TEMPLATE, MODEL) is None
    with pytest.raises(InputError, match="the probe to go on from is not for incidents@1"):
        going_on.start(default_library().get("incidents"), MODEL)
