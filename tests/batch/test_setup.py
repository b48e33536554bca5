"""Templates that are chosen for a run."""

import pytest

from ausweis.batch.setup import PinnedLibrary
from ausweis.engines.learned_index import bases
from ausweis.errors import PromptError
from ausweis.prompts import default_library
from ausweis.provenance import ModelProvenance

LEARNED = [ModelProvenance(id=base.id, sha256=base.sha256, engine="llama") for base in bases()]
DEFAULT = next(model for model in LEARNED if model.id == "qwen2.5-coder-1.5b")
OTHER = ModelProvenance(id="another", sha256="9" * 64, engine="llama")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("third-party", "the policy has own words"),
        ("own-word", "no factor or change of its own"),
        ("own-incident", "describes no incident"),
        ("agent-turn", "--zero-shot asks with it"),
    ],
)
def test_why_a_chosen_template_is_not_asked_with(name: str, hint: str) -> None:
    with pytest.raises(PromptError, match=hint):
        PinnedLibrary(default_library().folder, [f"{name}@1"]).refuse_unused("turnwise", [], DEFAULT, probes=True)


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
        library.refuse_unused("turnwise", [], OTHER, probes=True)
    assert caught.value.message.startswith(what.format("python -m evals.lab train"))
    assert "docs/training.md" in caught.value.message
    with pytest.raises(PromptError, match="the strategy turnwise does not ask with it"):
        library.refuse_unused("turnwise", [], OTHER, probes=False)
