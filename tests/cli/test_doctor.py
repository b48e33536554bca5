import os
import re
import tomllib
from importlib import metadata
from pathlib import Path

import llama_cpp
import pytest
from click.testing import CliRunner

from ausweis.cli import doctor as module
from ausweis.cli.doctor import doctor
from ausweis.engines import weights
from ausweis.engines.llama import model as llama_model
from ausweis.engines.weights import catalogue
from ausweis.prompts import Library, default_library, release

DEFAULT = catalogue.default_id()


@pytest.fixture
def model_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(model: str) -> weights.LocalModel:
        return weights.LocalModel(Path("x.gguf"), model, "0" * 64)

    monkeypatch.setattr(weights, "state", lambda model: "present" if model == DEFAULT else "absent")
    monkeypatch.setattr(weights, "verify", verify)


def test_a_missing_default_model_is_exit_code_1() -> None:
    result = CliRunner().invoke(doctor)
    assert result.exit_code == 1
    line = next(line for line in result.output.splitlines() if "(default)" in line)
    assert line.startswith("missing")
    assert f"ausweis models pull {DEFAULT}" in line


@pytest.mark.usefixtures("model_here")
def test_a_machine_that_has_all_is_exit_code_0() -> None:
    result = CliRunner().invoke(doctor)
    assert result.exit_code == 0
    for name in ("python", "llama-cpp-python", "processor", "load", "memory", "cache", "disk"):
        assert f" {name}: " in result.output


@pytest.mark.usefixtures("model_here")
def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda _: ["no-such-package-here>=2,<3", "gold>=1; extra == 'rich'"])
    result = CliRunner().invoke(doctor)
    assert result.exit_code == 1
    assert "missing  no-such-package-here: is not installed" in result.output
    assert "gold" not in result.output


@pytest.mark.usefixtures("model_here")
def test_a_copy_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", none)
    assert "warning  packages: cannot be told" in CliRunner().invoke(doctor).output


@pytest.mark.usefixtures("model_here")
def test_all_packages_that_are_wanted_are_looked_at() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [re.match(r"[\w-]+", one) for one in project["dependencies"]]
    lines = [line for line in CliRunner().invoke(doctor).output.splitlines() if line.startswith("good ")]
    for name in wanted:
        assert name is not None
        (line,) = (line for line in lines if f" {name.group()}: " in line)
        assert len(line) <= 80


@pytest.mark.usefixtures("model_here")
@pytest.mark.parametrize(("load", "state"), [(99.0, "warning"), (0.0, "good")])
def test_a_busy_machine_is_a_warning(monkeypatch: pytest.MonkeyPatch, load: float, state: str) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    result = CliRunner().invoke(doctor)
    assert result.exit_code == 0
    assert any(line.startswith(f"{state:<8} load:") for line in result.output.splitlines())


@pytest.mark.usefixtures("model_here")
def test_of_other_models_only_those_that_are_here_are_told() -> None:
    told = [
        line.split(":")[0] for line in CliRunner().invoke(doctor).output.splitlines() if " model " in line.split(":")[0]
    ]
    assert told == [
        f"good     model {DEFAULT} (default)",
        *(f"warning  model {catalogue.default_id(kind)} (default)" for kind in ("asr", "voices")),
    ]


@pytest.mark.usefixtures("model_here")
@pytest.mark.parametrize(
    ("built", "free", "maker", "line"),
    [
        (False, None, None, "good     gpu: none is seen; models run on the processor"),
        (False, None, "NVIDIA", r"warning  gpu: .* built without it; `CMAKE_ARGS=-DGGML_CUDA=on pip install .* builds"),
        (False, None, "AMD", r"warning  gpu: .* built without it; `CMAKE_ARGS=-DGGML_HIP=on pip install .* builds"),
        (True, None, "NVIDIA", "warning  gpu: an NVIDIA GPU is here, but llama.cpp cannot use it: see its driver; mod"),
        (True, 8 << 30, None, "good     gpu: 8.0 GiB free; a model that has room there runs on it"),
    ],
)
def test_what_llama_cpp_can_do_with_a_gpu(
    monkeypatch: pytest.MonkeyPatch, built: bool, free: int | None, maker: str | None, line: str
) -> None:
    monkeypatch.setattr(llama_cpp, "llama_supports_gpu_offload", lambda: built)
    monkeypatch.setattr(llama_model, "gpu_memory", lambda: free)
    monkeypatch.setattr(module, "gpu_maker", lambda: maker)
    (told,) = (line for line in CliRunner().invoke(doctor).output.splitlines() if " gpu: " in line)
    assert re.match(line, told)


@pytest.mark.usefixtures("model_here")
def test_a_template_that_nothing_was_learned_for_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped, own = default_library(), tmp_path / "own"
    assert f"good     templates: {shipped.folder}\n" in CliRunner().invoke(doctor).output
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(own))
    (own / "incidents").mkdir(parents=True)
    assert f"missing  templates: {own}: holds no template" in CliRunner().invoke(doctor).output
    text = shipped.get("incidents@1").path.read_text("utf-8").replace("version: 1", "version: 2")
    (own / "incidents" / "2.md").write_text(text, "utf-8")
    assert f"good     templates: {own} over {shipped.folder}\n" in CliRunner().invoke(doctor).output
    release(Library(own), "incidents@2", "better")
    told = f"warning  templates: incidents@2 has nothing learned for {DEFAULT}: calls are read with incidents@1"
    assert told in CliRunner().invoke(doctor).output
