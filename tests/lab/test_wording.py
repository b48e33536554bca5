"""`python -m evals.lab wording`: which lines teach, the draft, and, where DSPy is installed, the search."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from evals.lab.wording import draft, lines_of, searched, thirds, with_examples
from tests.evals.cases import NAME, TELLS, labelled

from ausweis.engines.fake import FakeEngine
from ausweis.engines.protocol import Request, Result
from ausweis.errors import InputError
from ausweis.prompts import Template, default_library, lint_file

TEMPLATE = default_library().get("agent-turn")
CALLS = [labelled(f"c{number}", NAME, "A: Ihre PIN bitte? << asks pin", TELLS, "A: Gut.") for number in range(6)]


def test_lines_of_the_other_side_and_of_words_that_are_no_label_teach_nothing() -> None:
    told = [line.lines[-1].text for line in lines_of(TEMPLATE, CALLS[:1])]
    assert told == ["Ihre PIN bitte?", CALLS[0].call.turns[-2].text, "Gut."]
    asks, _, nothing = (line.right for line in lines_of(TEMPLATE, CALLS[:1]))
    assert asks == {"asks pin"}
    assert nothing == {"nothing", "explains"}


def test_no_writing_pass_is_in_two_parts() -> None:
    passed = [one.model_copy(update={"gold": one.gold.model_copy(update={"writing_pass": "one"})}) for one in CALLS[:3]]
    parts = thirds([*passed, *CALLS[3:]])
    assert sorted(len(part) for part in parts) == [1, 1, 4]
    with pytest.raises(InputError, match="three writing passes"):
        thirds(passed)


def test_the_draft_is_the_next_version_and_keeps_all_but_its_examples(tmp_path: Path) -> None:
    line = next(lines_of(TEMPLATE, CALLS))
    draft(with_examples(TEMPLATE, [{"line": line, "label": "asks pin"}]), tmp_path / "draft.md")
    assert lint_file(tmp_path / "draft.md") == []
    drafted = Template.load(tmp_path / "draft.md")
    assert (drafted.version, drafted.labels) == (TEMPLATE.version + 1, TEMPLATE.labels)
    assert [example.output for example in drafted.examples] == ["asks pin"]
    assert drafted.render({"lines": []})[0] == TEMPLATE.render({"lines": []})[0]


class Learner(FakeEngine):
    """Knows no label but those of its examples: it says what the last of them says about the same words."""

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        results = []
        for request in requests:
            *shown, asked = (message.content for message in request.messages[1:])
            known = dict(zip(shown[::2], shown[1::2], strict=True))
            results.append(Result(text=known.get(asked, "nothing")))
        return results


def test_the_search_finds_examples_that_help() -> None:
    pytest.importorskip("dspy", reason="needs DSPy")
    found, before, after = searched(TEMPLATE, thirds(CALLS), Learner([]), 4, 4)
    assert after > before
    assert "asks pin" in {example.output for example in found.examples}
