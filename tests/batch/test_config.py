"""What a user is told before calls are read: what the reader cannot tell, and which chosen templates are not used."""

import shutil
from pathlib import Path

import pytest
from tests.judging.own_policies import MARINA

from ausweis import reading
from ausweis.batch.config import PinnedLibrary, ScorerConfig
from ausweis.engines.fake import FakeEngine
from ausweis.engines.learned_index import bases
from ausweis.errors import PromptError
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
        return open_reader("turnwise", engine, library, PolicyText())  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "open_reader", opened)
    return texts


def test_own_words_that_the_reader_does_not_look_for(tmp_path: Path, asked: list[PolicyText]) -> None:
    path = tmp_path / "marina.yaml"
    path.write_text(MARINA, encoding="utf-8")
    policy, told = find_policy(path), list[str]()
    ScorerConfig(policy).scorer(FakeEngine([]), told.append)
    assert told == [
        f"{path}: what reads calls here cannot tell harbour_word, berth_number: sets with it are never met",
        f"{path}: nor is berth_data, key_change looked for: such actions are never seen",
    ]
    assert [text.own_words for text in asked] == [policy.policy.own_words]


def test_nothing_is_told_of_a_policy_that_names_known_words(asked: list[PolicyText]) -> None:
    told: list[str] = []
    ScorerConfig(find_policy("telecom-de")).scorer(FakeEngine([]), told.append)
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
    for strategy, sentences in (
        ("heads", [f"transcript@2 has nothing learned for {base.id}: calls are read with transcript@1"]),
        ("turnwise", []),
    ):
        told: list[str] = []
        ScorerConfig(find_policy("telecom-de"), strategy=strategy, prompt_folder=own).scorer(engine, told.append)
        assert told == sentences


LEARNED = [ModelProvenance(id=base.id, sha256=base.sha256, engine="llama") for base in bases()]
DEFAULT = next(model for model in LEARNED if model.id == "qwen2.5-coder-1.5b")
OTHER = ModelProvenance(id="another", sha256="9" * 64, engine="llama")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("third-party", "the policy has own words"),
        ("own-word", "no factor or change of its own"),
        ("own-incident", "describes no incident"),
        ("incidents", "looks for no incident"),
        ("agent-turn", "--strategy turnwise asks with it"),
        ("call-events", "--strategy events asks with it"),
    ],
)
def test_why_a_chosen_template_is_not_asked_with(name: str, hint: str) -> None:
    with pytest.raises(PromptError, match=hint):
        PinnedLibrary(default_library().folder, [f"{name}@1"]).refuse_unused("heads", [], DEFAULT)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("transcript", "no probe of transcript@1 for another: learn it with `{} probe … --template transcr"),
        ("incidents", "no probe of incidents@1 for another: learn it with `{} probe … --template incid"),
        ("third-party", "no answers of third-party@1 for another: learn it with `{} answers …` after its"),
        ("own-word", "no words of own-word@1 for another: learn it with `{} words …` after its release"),
        ("own-incident", "no matcher of own-incident@1 for another: learn it with `{} matcher …` after"),
    ],
)
def test_what_to_do_where_nothing_was_learned_for_a_chosen_template(name: str, what: str) -> None:
    library = PinnedLibrary(default_library().folder, [f"{name}@1"])
    with pytest.raises(PromptError) as caught:
        library.refuse_unused("heads", [], OTHER)
    assert caught.value.message.startswith(what.format("python -m evals.lab train"))
    assert "docs/training.md" in caught.value.message
    with pytest.raises(PromptError, match=r"the strategy turnwise does not ask with it.*--strategy heads asks with it"):
        library.refuse_unused("turnwise", [], OTHER)
