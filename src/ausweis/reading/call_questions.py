"""Questions about a call as a whole, asked after its last line: for whom the caller speaks."""

from dataclasses import dataclass
from functools import cached_property

from ausweis.engines.heads import AnswerProbe
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading.descriptions import Question

__all__ = ["CallQuestions", "questions_in"]


@dataclass(frozen=True)
class CallQuestions:
    """The questions of a template, and what was learned to read the answers. `probe`: learned for this template."""

    template: Template
    probe: AnswerProbe

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The template, and what was learned for it."""
        return self.template.provenance, self.probe.provenance

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """As they are asked."""
        return questions_in(self.template)


def questions_in(template: Template) -> tuple[Question, ...]:
    """The questions of a template, each with how its answer begins."""
    messages = iter(template.render({}))
    return tuple(zip(messages, messages, strict=True))
