"""What was learned of a reader is read back as it was, and that of another reader is refused."""

from datetime import date
from pathlib import Path

import pytest

from ausweis.engines.learned_index import Base, LearnedPart
from ausweis.engines.reader_calibration import EventCalibration, ReaderCalibration
from ausweis.errors import PromptError
from ausweis.facts import Calibration
from ausweis.provenance import PromptProvenance

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
