"""An engine that listens in: it hands questions on to another one, and keeps them with the answers, whole.

What it does not hand on is answered by nothing: each label has the probability 0, a text is empty. Since no question
hangs on the answer to another, a reader asks all that it would ask a model.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ausweis.engines.protocol import Engine, Message, Request, Result, Transcript, transcript_engine
from ausweis.provenance import ModelProvenance


class Asked(NamedTuple):
    """One question as the model gets it, and its answer.

    `turn`: None where it is about the call as a whole. `endings`: what is asked behind the messages, each by itself,
    and how its answer begins. `told`: the probability of each label; without labels, `text` is the answer.
    """

    template: str
    turn: int | None
    messages: tuple[Message, ...]
    endings: tuple[tuple[Message, Message], ...]
    told: Mapping[str, float]
    text: str = ""

    @property
    def likeliest(self) -> list[tuple[str, float]]:
        """The labels, the likeliest first."""
        return sorted(self.told.items(), key=lambda label: -label[1])


@dataclass(frozen=True)
class Wanted:
    """The questions of a template, such as `agent-turn@1`, about one turn or all; without a template all questions."""

    template: str | None = None
    turn: int | None = None

    def __contains__(self, asked: Asked | Request) -> bool:
        return self.template in (None, asked.template) and self.turn in (None, asked.turn)


class OverhearingEngine:
    """Asks `inner`, if there is one, what is wanted. `heard`: what was wanted; of one reading of a transcript a list.

    `info`: of the model for which a reader chooses what it asks.
    """

    calls_at_once = 1

    def __init__(self, info: ModelProvenance, inner: Engine | None = None, wanted: Wanted | None = None) -> None:
        self.info, self._inner, self._wanted = info, inner, wanted or Wanted()
        self.heard: list[list[Asked]] = []

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """What the other engine says to what is wanted, and nothing to all else."""
        wanted = [request for request in requests if request in self._wanted]
        told = self._inner.complete(wanted) if self._inner else [_nothing(request.choices) for request in wanted]
        for request, result in zip(wanted, told, strict=True):
            labels = dict(zip(request.choices, result.probabilities, strict=True))
            self.heard.append([Asked(request.template, request.turn, request.messages, (), labels, result.text)])
        answers = iter(told)
        return [next(answers) if request in self._wanted else _nothing(request.choices) for request in requests]

    def read(self, transcript: Transcript) -> list[Result]:
        """The same for a transcript, which is read if anything of it is wanted."""
        results = [_nothing(probe.labels) for probe in transcript.all_probes]
        if not any(asked in self._wanted for asked in _asked_in(transcript, results)):
            return results
        if self._inner is not None:
            results = transcript_engine(self._inner).read(transcript)
        self.heard.append([asked for asked in _asked_in(transcript, results) if asked in self._wanted])
        return results

    def close(self) -> None:
        """Whoever opened the other engine closes it."""


def _nothing(labels: Sequence[str]) -> Result:
    return Result(text="", probabilities=(0.0,) * len(labels))


def _asked_in(transcript: Transcript, results: Sequence[Result]) -> Iterator[Asked]:
    """For each row what is asked about it, then what is asked about it after the last one; at last of the call."""
    for request, probe, result in zip(transcript.requests(), transcript.probes, results, strict=False):
        told = dict(zip(probe.labels, result.probabilities, strict=True))
        answered = {label: told.pop(label) for label in probe.answered_labels}
        yield Asked(request.template, request.turn, request.messages, (), told)
        if answered:
            yield Asked(transcript.asking, request.turn, transcript.messages, transcript.questions, answered)
    if (of_call := transcript.answer_probe) is not None:
        told = dict(zip(of_call.labels, results[-1].probabilities, strict=True))
        yield Asked(of_call.template, None, transcript.messages, transcript.about, told)
