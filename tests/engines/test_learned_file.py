"""What is wrong with a learned file is said of any kind of part; what it says is of the bytes whose hash it has."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.probes import answers_by_chance, by_chance, matcher_by_chance, ngrams_of_words, words_by_chance

from ausweis.engines.learned_file import LearnedFile
from ausweis.errors import PromptError

LAYERS = (16, 20)
PARTS: dict[str, LearnedFile] = {
    "probe": by_chance(("asks",), LAYERS, 3),
    "answers": answers_by_chance(("for another",), LAYERS, 6),
    "matcher": matcher_by_chance(LAYERS, 3),
    "words": words_by_chance(LAYERS, 3),
    "ngrams": ngrams_of_words("asks", "wie"),
}


@pytest.mark.parametrize("kind", PARTS)
def test_what_is_broken_is_no_learned_part(tmp_path: Path, kind: str) -> None:
    path, part = tmp_path / "part.safetensors", PARTS[kind]
    part.save(path)
    whole = path.read_bytes()
    for broken in (b"", whole[:7], whole[:40], whole[:-5], whole.replace(b'"about"', b'"aloof"')):
        path.write_bytes(broken)
        with pytest.raises(
            PromptError, match=r"part\.safetensors: is no learned part, or a broken one: train it again"
        ):
            type(part).load(path)
    path.unlink()
    with pytest.raises(PromptError, match="is no learned part, or a broken one"):
        type(part).load(path)


@pytest.mark.parametrize("kind", PARTS)
def test_another_kind_of_part(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "part.safetensors"
    other = "answers" if kind == "ngrams" else "ngrams"
    PARTS[other].save(path)
    with pytest.raises(PromptError, match="is no learned part of this kind: train it again"):
        type(PARTS[kind]).load(path)


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file may take its place meanwhile: hash, numbers and words are of one."""
    path, part = tmp_path / "part.safetensors", PARTS["probe"]
    replace(part, notes="of before").save(path)
    data = path.read_bytes()
    replace(part, notes="of today").save(path)
    monkeypatch.setattr("ausweis.engines.learned_file.read_bytes", lambda _: data)
    assert type(part).load(path).notes == "of before"
