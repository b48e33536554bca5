"""Templates that are chosen for a run."""

import pytest

from ausweis.batch.setup import PinnedLibrary
from ausweis.errors import PromptError
from ausweis.prompts import default_library


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("third-party", "its answers were not learned for this model"),
        ("own-word", "no factor or change of its own"),
        ("own-incident", "describes no incident"),
        ("agent-turn", "--zero-shot asks with it"),
    ],
)
def test_why_a_chosen_template_is_not_asked_with(name: str, hint: str) -> None:
    with pytest.raises(PromptError, match=hint):
        PinnedLibrary(default_library().folder, [f"{name}@1"]).refuse_unused("turnwise", [])
