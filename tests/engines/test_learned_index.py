"""The folder of learned parts: what ships is what its index says, the newest that fits is found, a new one is kept."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from ausweis.engines.heads import AnswerProbe, LearnedFile, Ngrams, Probe
from ausweis.engines.learned_index import (
    INDEX_NAME,
    SHIPPED,
    Base,
    EventCalibration,
    LearnedIndex,
    LearnedKind,
    LearnedPart,
    ReaderCalibration,
    index_to_write,
    indexes,
    newest,
)
from ausweis.engines.matcher import Matcher, WordMatcher
from ausweis.errors import AusweisError, InputError, ModelError, PromptError
from ausweis.facts import Calibration
from ausweis.prompts import default_library
from ausweis.provenance import PromptProvenance

BASE = Base(id="tiny", sha256="b" * 64)
TEMPLATE = PromptProvenance(id="weather", version=1, sha256="a" * 64)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("AUSWEIS_LEARNED", str(folder))
    return folder


def kept(
    data: bytes,
    kind: LearnedKind = "probe",
    template: PromptProvenance = TEMPLATE,
    base: Base = BASE,
    version: int | None = None,
    bound_to: dict[LearnedKind, str] | None = None,
) -> Path:
    return index_to_write().register(kind, template, base, data, "by hand", version=version, bound_to=bound_to)


def found(kind: LearnedKind = "probe", beside: dict[LearnedKind, str] | None = None) -> bytes | None:
    part = newest(kind, TEMPLATE, BASE.sha256, beside)
    return None if part is None else part[0].checked(part[1]).read_bytes()


# What ships.


def test_each_file_of_the_folder_is_in_the_index_and_what_it_says() -> None:
    index = LearnedIndex.read(SHIPPED)
    assert {path.name for path in SHIPPED.iterdir()} - {INDEX_NAME} == {part.file for part in index.parts}
    for part in index.parts:
        assert index.checked(part).is_file()


def test_the_repository_stays_small() -> None:
    sizes = [part.bytes for part in LearnedIndex.read(SHIPPED).parts]
    assert max(sizes) < 20_000_000
    assert sum(sizes) < 75_000_000


def test_files_say_of_themselves_what_the_index_says() -> None:
    index = LearnedIndex.read(SHIPPED)
    forms: tuple[type[LearnedFile], ...] = (Probe, Ngrams, AnswerProbe, Matcher, WordMatcher)
    form_of = {form.KIND: form for form in forms}
    for part in index.parts:
        if part.kind == "calibration":
            # Raises where it is of another model or template.
            assert (
                ReaderCalibration.load(index.path(part), part).template == f"{part.template.id}@{part.template.version}"
            )
            continue
        learned = form_of[part.kind].load(index.path(part))
        assert learned.template == f"{part.template.id}@{part.template.version}"
        assert learned.template_sha256 == part.template.sha256
        assert learned.model_sha256 == part.base.sha256
        assert part.notes in learned.notes


def test_each_probe_of_facts_has_a_calibration() -> None:
    """A reader without one is taken at its word: what ships is measured."""
    parts = LearnedIndex.read(SHIPPED).parts
    probes = {part.sha256 for part in parts if (part.kind, part.template.id) == ("probe", "transcript")}
    assert probes == {part.bound_to["probe"] for part in parts if part.kind == "calibration"}


def test_each_is_for_a_template_that_ships() -> None:
    library = default_library()
    for part in LearnedIndex.read(SHIPPED).parts:
        assert library.get(f"{part.template.id}@{part.template.version}").sha256 == part.template.sha256


# Which one fits.


@pytest.mark.usefixtures("own")
def test_the_newest_that_fits() -> None:
    assert found() is None
    kept(b"first")
    kept(b"second")
    kept(b"a matcher", "matcher")
    kept(b"another model", base=Base(id="other", sha256="c" * 64))
    kept(b"another version", template=TEMPLATE.model_copy(update={"version": 2}))
    assert found() == b"second"
    assert found("matcher") == b"a matcher"
    assert found("words") is None


@pytest.mark.usefixtures("own")
def test_one_bound_to_others_needs_them() -> None:
    kept(b"alone", "matcher")
    kept(b"bound", "matcher", bound_to={"probe": "d" * 64})
    assert found("matcher") == b"alone"
    assert found("matcher", {"probe": "e" * 64}) == b"alone"
    assert found("matcher", {"probe": "d" * 64}) == b"bound"


@pytest.mark.usefixtures("own")
def test_another_text_of_the_template() -> None:
    path = kept(b"old", template=TEMPLATE.model_copy(update={"sha256": "9" * 64}))
    with pytest.raises(PromptError, match="trained for another text of weather@1: train it again") as caught:
        found()
    assert caught.value.place == str(path)
    kept(b"new")
    assert found() == b"new"


def test_the_companys_own_before_those_that_ship(own: Path) -> None:
    shipped = LearnedIndex.read(SHIPPED)
    part = shipped.parts[0]
    assert newest(part.kind, part.template, part.base.sha256) == (shipped, part)
    path = kept(b"ours", part.kind, part.template, part.base)
    assert path.parent == own
    index, found_part = newest(part.kind, part.template, part.base.sha256) or pytest.fail("nothing is found")
    assert index.path(found_part) == path


# What is wrong.


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"cut", r"is cut short \(3 bytes, expected 5\): install Ausweis again, or learn it again"),
        (b"longer than it was", "is too long"),
        (b"other", "has another SHA-256 than learned.yaml says"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_not_what_the_index_says_is_never_loaded(data: bytes | None, sentence: str) -> None:
    kept(b"older")
    path = kept(b"whole")
    path.unlink() if data is None else path.write_bytes(data)
    with pytest.raises(ModelError, match=sentence) as caught:
        found()
    assert caught.value.place == str(path)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "kind: probe",
            "kind: oracle",
            r"learned\.yaml:3: the index of learned parts cannot be used, .* parts\.1\.kind",
        ),
        ("notes:", "remarks:", r"wrong at parts\.1\.(notes|remarks)"),
        ("bytes: 5", "bytes: -5", r"learned\.yaml:7: .*parts\.1\.bytes"),
        ("file: probe", "file: ../probe", r"parts\.1\.file"),
        ("learned@1", "learned@2", "learned.yaml:1: .*schema"),
    ],
)
def test_an_index_that_says_something_impossible(own: Path, before: str, after: str, sentence: str) -> None:
    kept(b"whole")
    text = (own / INDEX_NAME).read_text(encoding="utf-8")
    (own / INDEX_NAME).write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(ModelError, match=sentence):
        found()


def test_a_part_that_is_there_twice(own: Path) -> None:
    kept(b"whole")
    head, entry = (own / INDEX_NAME).read_text(encoding="utf-8").split("parts:\n")
    (own / INDEX_NAME).write_text(f"{head}parts:\n{entry}{entry}", encoding="utf-8")
    with pytest.raises(ModelError, match="is there twice"):
        indexes()


def test_a_folder_that_is_not_there(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_LEARNED", str(own / "none"))
    with pytest.raises(ModelError, match="AUSWEIS_LEARNED names no folder: make it"):
        indexes()


# A new one.


def test_a_new_part_has_a_name_a_hash_and_the_next_version(own: Path) -> None:
    base = Base(id="our model/Q4", sha256="b" * 64)
    assert kept(b"first", base=base).name == "probe.weather-1.our_model_Q4.v1.safetensors"
    # The same model by another name.
    assert kept(b"second").name == "probe.weather-1.tiny.v2.safetensors"
    first, second = LearnedIndex.read(own).parts
    assert (first.version, second.version, first.base) == (1, 2, base)
    assert (second.bytes, second.sha256) == (6, hashlib.sha256(b"second").hexdigest())
    assert str(second) == "probe 2 of weather@1 for tiny"


def test_a_version_that_is_there_is_refused(own: Path) -> None:
    kept(b"third", version=3)
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    with pytest.raises(InputError, match="has a version 3 of this probe already: leave --version out, or take 4"):
        kept(b"again", version=3)
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    assert kept(b"next").name.endswith(".v4.safetensors")


def test_what_people_wrote_into_the_index_stays(own: Path) -> None:
    kept(b"first")
    text = (own / INDEX_NAME).read_text(encoding="utf-8")
    (own / INDEX_NAME).write_text(f"# Ours.\n\n{text}", encoding="utf-8")
    kept(b"second")
    assert (own / INDEX_NAME).read_text(encoding="utf-8").startswith(f"# Ours.\n\n{text}")


def test_a_kill_between_file_and_entry_costs_nothing(own: Path) -> None:
    (own / "probe.weather-1.tiny.v1.safetensors").write_bytes(b"half")
    assert kept(b"whole").read_bytes() == b"whole"
    assert found() == b"whole"


def test_without_a_folder_of_its_own_an_installation_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ausweis.engines import learned_index

    assert index_to_write().folder == SHIPPED
    installed = tmp_path / "lib" / "ausweis" / "engines" / "learned"
    installed.mkdir(parents=True)
    (installed / INDEX_NAME).write_bytes((SHIPPED / INDEX_NAME).read_bytes())
    monkeypatch.setattr(learned_index, "SHIPPED", installed)
    with pytest.raises(AusweisError, match="Set AUSWEIS_LEARNED to a folder"):
        index_to_write()


PART = LearnedPart(
    kind="calibration",
    version=3,
    file="calibration.json",
    sha256="0" * 64,
    bytes=1,
    base=Base(id="tiny", sha256="b" * 64),
    template=PromptProvenance(id="call-events", version=2, sha256="a" * 64),
    notes="by hand",
    learned_on=date(2026, 3, 2),
)
LEARNED = ReaderCalibration(
    template="call-events@2",
    template_sha256="a" * 64,
    model_sha256="b" * 64,
    risk=Calibration(reference=0.2, longer=-0.5, surest=0.98),
    events=EventCalibration(slope=1.1, offset=0.2, kinds={"gives": 0.4, "accepts": -1.0}),
)


def test_it_is_read_back_under_the_name_that_verdicts_give_it(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(LEARNED.data())
    read = ReaderCalibration.load(tmp_path / "part", PART)
    assert (read.risk, read.events) == (LEARNED.risk, LEARNED.events)
    assert read.provenance is not None
    assert (read.provenance.id, read.provenance.version) == ("call-events:calibration", 3)
    assert read.data() == LEARNED.data()


@pytest.mark.parametrize("data", [b"", b"{}", LEARNED.data()[:-9], LEARNED.data().replace(b"0.98", b"0.3")])
def test_what_is_broken_is_no_calibration(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "part").write_bytes(data)
    with pytest.raises(PromptError, match="is no calibration, or a broken one"):
        ReaderCalibration.load(tmp_path / "part", PART)


@pytest.mark.parametrize(
    "other",
    [{"base": Base(id="x", sha256="c" * 64)}, {"template": PART.template.model_copy(update={"sha256": "c" * 64})}],
)
def test_that_of_another_model_or_template_is_refused(tmp_path: Path, other: dict[str, object]) -> None:
    (tmp_path / "part").write_bytes(LEARNED.data())
    with pytest.raises(PromptError, match="was learned for another model or template than its index says"):
        ReaderCalibration.load(tmp_path / "part", PART.model_copy(update=other))
