"""What a user is told before calls are read: what of the policy the reader cannot tell."""

import shutil
from pathlib import Path

import pytest
from tests.judging.own_policies import MARINA

from ausweis import reading
from ausweis.batch.recipe import Recipe
from ausweis.engines.fake import FakeEngine
from ausweis.engines.learned_index import bases
from ausweis.policies import find_policy
from ausweis.prompts import Library, default_library, release
from ausweis.provenance import ModelProvenance
from ausweis.reading import PolicyText, Reader


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[PolicyText]:
    """What a reader of known words alone is opened with."""
    texts: list[PolicyText] = []
    open_reader = reading.open_reader

    def opened(strategy: str, engine: FakeEngine, library: object, policy: PolicyText, **more: object) -> Reader:
        texts.append(policy)
        return open_reader(strategy, engine, library, PolicyText(), probes=False)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "open_reader", opened)
    return texts


def test_own_words_that_the_reader_does_not_look_for(tmp_path: Path, asked: list[PolicyText]) -> None:
    path = tmp_path / "marina.yaml"
    path.write_text(MARINA, encoding="utf-8")
    policy, told = find_policy(path), list[str]()
    Recipe(policy).scorer(FakeEngine([]), told.append)
    assert told == [
        f"{path}: what reads calls here cannot tell harbour_word, berth_number: sets with it are never met",
        f"{path}: nor is berth_data, key_change looked for: such actions are never seen",
    ]
    assert [text.own_words for text in asked] == [policy.policy.own_words]


def test_nothing_is_told_of_a_policy_that_names_known_words(asked: list[PolicyText]) -> None:
    told: list[str] = []
    Recipe(find_policy("telecom-de")).scorer(FakeEngine([]), told.append)
    assert told == []
    assert asked[0].own_words == ()


def test_a_newer_template_that_nothing_was_learned_for_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those alone that calls are read with under the policy; nothing where no learned part is asked for."""
    own = shutil.copytree(default_library().folder, tmp_path / "own")
    for name in ("transcript", "incidents"):
        text = (own / name / "1.md").read_text("utf-8").replace("version: 1", "version: 2")
        (own / name / "2.md").write_text(text, "utf-8")
        release(Library(own), f"{name}@2", "better")
    base = bases()[0]
    engine = FakeEngine([])
    monkeypatch.setattr(engine, "info", ModelProvenance(id=base.id, sha256=base.sha256, engine="fake"))
    for probes, sentences in (
        (True, [f"transcript@2 has nothing learned for {base.id}: calls are read with transcript@1"]),
        (False, []),
    ):
        told: list[str] = []
        Recipe(find_policy("telecom-de"), probes=probes, prompt_folder=own).scorer(engine, told.append)
        assert told == sentences
