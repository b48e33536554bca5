from pathlib import Path

import pytest
from evals.lab.training.options import GoingOn, Options, calls_of
from tests.evals.cases import labelled
from tests.probes import blank

from ausweis.engines.heads import Probe
from ausweis.engines.learned_index import newest
from ausweis.errors import InputError, PolicyError, RunError
from ausweis.prompts import default_library
from ausweis.provenance import ModelProvenance

MODEL = ModelProvenance(id="tiny", sha256="b" * 64, engine="fake")
TEMPLATE = default_library().get("transcript")
PROBE = blank(TEMPLATE, ("asks",), MODEL.sha256)


def options(out: Path | None = None, version: int | None = None, labelled: tuple[Path, ...] = ()) -> Options:
    def progress(calls: object) -> None: ...

    return Options(labelled, "tiny", "transcript", Path("work"), progress, print, out=out, version=version)  # type: ignore[arg-type]


def test_what_is_learned_is_kept_in_the_folder_where_the_reader_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUSWEIS_LEARNED", str(tmp_path))
    path = options().keeper("probe", TEMPLATE, MODEL, "learned from a.jsonl")(PROBE)
    index, part = newest("probe", TEMPLATE.provenance, MODEL.sha256) or pytest.fail("nothing is found")
    assert index.path(part) == path
    assert Probe.load(path).labels == PROBE.labels
    with pytest.raises(InputError, match="has a version 1 of this probe already"):
        options(version=1).keeper("probe", TEMPLATE, MODEL, "")
    assert options(version=7).keeper("probe", TEMPLATE, MODEL, "")(PROBE).name.endswith(".v7.safetensors")


def test_or_in_a_file_alone(tmp_path: Path) -> None:
    out = tmp_path / "probe.safetensors"
    assert options(out).keeper("probe", TEMPLATE, MODEL, "")(PROBE) == out
    assert [path.name for path in tmp_path.iterdir()] == ["probe.safetensors"]
    with pytest.raises(InputError, match="--version is for the folder of learned parts"):
        options(out, version=2).keeper("probe", TEMPLATE, MODEL, "")


def test_the_place_of_a_file_is_made_before_anything_is_learned(tmp_path: Path) -> None:
    keep = options(tmp_path / "new" / "probe.safetensors").keeper("probe", TEMPLATE, MODEL, "")
    assert (tmp_path / "new").is_dir()
    assert keep(PROBE).is_file()
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
    assert [labelled.call.id for labelled in calls_of(options(labelled=(one_call(tmp_path),)))] == ["a"]
    file = one_call(tmp_path, subject="shoe_size")
    with pytest.raises(InputError, match=r"a: gives shoe_size: turn 1 names what the policy telecom-de does not know"):
        calls_of(options(labelled=(file,)))
    file.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="no labelled calls"):
        calls_of(options(labelled=(file,)))


def test_a_policy_that_is_not_there_is_told_before_anything_is_read(tmp_path: Path) -> None:
    """Where calls will be judged by it: incidents are learned without."""
    file = one_call(tmp_path, policy="gone.yaml")
    with pytest.raises(PolicyError, match=r"gone.yaml: no such file"):
        calls_of(options(labelled=(file,)))
    assert [labelled.call.id for labelled in calls_of(options(labelled=(file,)), judged=False)] == ["a"]


def test_a_probe_goes_on_without_calls_to_rehearse(tmp_path: Path) -> None:
    going_on = GoingOn(tmp_path / "probe")
    assert going_on.known() == going_on.again({"a"}) == []


def test_calls_that_are_new_are_not_rehearsed(tmp_path: Path) -> None:
    (tmp_path / "known.jsonl").write_text(
        "\n".join(labelled(name, "C: Ja.").line() for name in ("a", "b", "c")), encoding="utf-8"
    )
    going_on = GoingOn(tmp_path / "probe", (tmp_path / "known.jsonl",), rehearsed=2)
    assert len(going_on.again(set())) == 2
    assert {call.call.id for call in going_on.again({"a", "b"})} <= {"c"}
    assert [call.call.id for call in going_on.known()] == ["a", "b", "c"]
