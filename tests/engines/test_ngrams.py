"""Lines told by their words: what counts as a word, and how that is weighed with what a probe says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.probes import ngrams_of_words

from ausweis.engines.ngrams import Ngrams, log_odds, ngrams_of
from ausweis.errors import EngineError, PromptError


def test_words_and_pairs_of_words_count_once_each_whatever_their_case() -> None:
    assert len(ngrams_of("Ich ändere das")) == 5
    assert ngrams_of("ICH, ändere ... das!").tolist() == ngrams_of("ich ändere das").tolist()
    assert len(ngrams_of("ja ja ja")) == 2
    assert ngrams_of("…").size == 0
    # The same on every machine and in every version: files hold weights by bucket.
    assert ngrams_of("geändert").tolist() == [3600]


def test_words_are_weighed_with_the_probe() -> None:
    learned = ngrams_of_words("changes", "geändert")
    said = learned.weighed("geändert", {"changes": 0.2, "tells": 0.3})
    assert said["tells"] == 0.3
    assert log_odds(said["changes"]) == pytest.approx(log_odds(0.2) + 4.0 - 2.0, abs=0.01)
    assert learned.weighed("Guten Tag", {"changes": 0.2})["changes"] < 0.2
    alone = replace(learned, parts={**learned.parts, "stacking": np.array([[1.0, 0.0, 0.0]], np.float32)})
    assert alone.weighed("geändert", {"changes": 0.2})["changes"] == 0.2


@pytest.mark.parametrize("text", ["", "…", "1234 5678 91011"])
def test_a_line_without_known_words_is_told_by_what_lines_are_mostly(text: str) -> None:
    learned = ngrams_of_words("changes", "geändert")
    assert learned.scores(text).tolist() == pytest.approx([-2.0])
    assert 0 < learned.weighed(text, {"changes": 1.0})["changes"] < 1


def test_what_is_kept_is_read_again_and_holds_no_word(tmp_path: Path) -> None:
    learned = ngrams_of_words("changes", "Kowalczyk")
    learned.save(tmp_path / "ngrams")
    read = Ngrams.load(tmp_path / "ngrams")
    assert read.weighed("Kowalczyk", {"changes": 0.5}) == learned.weighed("Kowalczyk", {"changes": 0.5})
    assert b"owalczyk" not in (tmp_path / "ngrams").read_bytes()
    (tmp_path / "broken").write_bytes(b"nothing")
    with pytest.raises(PromptError, match="train it again"):
        Ngrams.load(tmp_path / "broken")


def test_broken_weights_are_no_numbers() -> None:
    learned = ngrams_of_words("changes", "geändert")
    broken = replace(learned, parts={**learned.parts, "bias": np.full(1, np.nan, np.float32)})
    with pytest.raises(EngineError, match="no numbers"):
        broken.weighed("geändert", {"changes": 0.2})
