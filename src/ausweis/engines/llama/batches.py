"""Questions as tokens, and which of them are evaluated together: wave by wave, so that memory stays bounded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ausweis.engines.llama.token_tree import Run, runs_of, tokens_in
from ausweis.engines.protocol import Request

__all__ = ["Question", "Wave", "by_beginning", "waves_of"]


@dataclass(frozen=True, slots=True)
class Question:
    """A request as tokens: the beginning that is kept between batches, and what is its own or its batch's.

    `place` is its number in the batch; `room` how many tokens its answer may need.
    """

    place: int
    request: Request
    beginning: tuple[int, ...]
    own: tuple[int, ...]
    room: int


@dataclass(frozen=True, slots=True)
class Wave:
    """Questions with one beginning. The branch of each is its number here, from 1; `runs` are what is their own."""

    questions: tuple[Question, ...]
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, questions: Sequence[Question]) -> "Wave":
        """Find what the questions share."""
        runs = runs_of({branch: question.own for branch, question in enumerate(questions, start=1)})
        return cls(tuple(questions), tuple(runs))

    @property
    def tokens(self) -> int:
        """How many tokens the wave takes at most, its beginning left out."""
        return tokens_in(self.runs) + sum(question.room for question in self.questions)


def by_beginning(questions: Sequence[Question]) -> dict[tuple[int, ...], list[Question]]:
    """The questions of each beginning, in their order."""
    groups: dict[tuple[int, ...], list[Question]] = {}
    for question in questions:
        groups.setdefault(question.beginning, []).append(question)
    return groups


def waves_of(questions: Sequence[Question], *, branches: int, free: int) -> Iterator[Wave]:
    """As few waves as hold all questions: at most so many branches in each, and so many tokens.

    A question that is alone makes a wave whatever it takes.
    """
    waiting = list(questions)
    while waiting:
        wave = Wave.of(waiting[:branches])
        while wave.tokens > free and len(wave.questions) > 1:
            # Nearly all tokens may be shared, so what a smaller wave takes is known only by its tree.
            wave = Wave.of(wave.questions[: max(1, len(wave.questions) * free // wave.tokens)])
        yield wave
        del waiting[: len(wave.questions)]
