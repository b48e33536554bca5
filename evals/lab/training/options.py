"""What a training is told, and where what it learns is kept."""

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import RootModel

from ausweis.engines.heads import LearnedFile, Probe
from ausweis.engines.learned_index import Base, LearnedKind, index_to_write
from ausweis.engines.protocol import Engine
from ausweis.errors import InputError
from ausweis.evals.validate import unknown_words
from ausweis.journal import make_folder
from ausweis.labelled import LabelledCall, read_all
from ausweis.policies import find_policy
from ausweis.prompts import Template
from ausweis.provenance import ModelProvenance
from ausweis.reading.strategies import learned_for
from ausweis.user_yaml import read_model
from ausweis.vocabulary import CATEGORIES, FACTORS

Wordings = Mapping[str, Mapping[str, Sequence[str]]]
_Wordings = RootModel[dict[str, dict[str, tuple[str, ...]]]]


@dataclass(frozen=True)
class Options:
    """What all trainings are told, and what single ones are told besides."""

    labelled: tuple[Path, ...]
    model: str
    template: str
    work: Path
    """Where the states of the lines are kept."""
    progress: Callable[[Sequence[LabelledCall]], AbstractContextManager[Iterable[LabelledCall]]]
    tell: Callable[[str], None]
    limit: int | None = None
    """So many of the labelled calls, drawn by chance."""
    rounds: int | None = None
    out: Path | None = None
    """A file for what is learned, in no index; else it is the next version in the folder of learned parts."""
    go_on: Path | None = None
    """The probe that goes on learning; what is told of left-out calls holds only if it has never seen them."""
    rehearse: tuple[Path, ...] = ()
    """Calls that it knows, of which `rehearsed`, or all, are learned again beside the new ones."""
    rehearsed: int | None = None
    share: float = 1.0
    """As in `training.probe.Start`."""
    weigh: tuple[Path, ...] = ()
    """Other calls, from which it is learned how much answers count."""
    wordings: Path | None = None
    ngrams: bool = True
    """Whether a probe that is kept learns besides what the words of a line tell."""
    beside: Path | None = None
    """The probe that what is learned will be used with; else the newest."""
    digest: str = ""
    """Of all that it is learned from, for the end of its notes."""

    def keeper(
        self,
        kind: LearnedKind,
        template: Template,
        model: ModelProvenance,
        about: str,
        bound_to: Mapping[LearnedKind, str] | None = None,
        asked_by: Template | None = None,
    ) -> Callable[[LearnedFile], Path]:
        """What writes the part that is to be learned. Asked for before, since learning takes hours.

        `bound_to`: the parts that it is to be used with, by kind and SHA-256. `asked_by`: the question that it reads.

        Raises:
            InputError: there is no place for it.
            ModelError: the index of learned parts cannot be read.
            RunError: the folder of `out` cannot be made.
        """
        if out := self.out:
            make_folder(out.parent)

            def saved(learned: LearnedFile) -> Path:
                learned.save(out)
                return out

            return saved
        index, base = index_to_write(), Base(id=model.id, sha256=model.sha256)
        about += f", {self.digest}" if self.digest else ""
        return lambda learned: index.register(
            kind,
            template.provenance,
            base,
            learned.data(),
            about,
            bound_to=bound_to,
            asked_by=asked_by.provenance if asked_by else None,
        )

    def calls(self, *, judged: bool = True) -> list[LabelledCall]:
        """The labelled calls that are learned from. `judged`: they will be judged by the policies of their labels.

        Raises:
            InputError: a file cannot be read, or a label names what its policy does not know.
            PolicyError: the policy of a label is not there that is judged, or names own words.
        """
        calls = read_all(self.labelled)
        policy_of = cache(find_policy)
        for labelled in calls:
            own = {event.subject for event in labelled.gold.events} - {None, *FACTORS, *CATEGORIES}
            unknown = unknown_words(labelled, policy_of(labelled.policy).policy) if judged or own else iter(())
            if problem := next(unknown, None):
                raise InputError(problem, place=labelled.call.id)
        return drawn(calls, self.limit)

    def start(self, template: Template, model: ModelProvenance) -> Probe | None:
        """The probe to go on from, if any.

        Raises:
            InputError: it is of another template or model.
            PromptError: the file is no probe.
        """
        if self.go_on is None:
            return None
        start = Probe.load(self.go_on)
        if (start.template_sha256, start.model_sha256) != (template.sha256, model.sha256):
            message = f"the probe to go on from is not for {template.name} and {model.id}"
            raise InputError(message, place=str(self.go_on))
        return start

    def probe(self, template: Template, engine: Engine) -> Probe:
        """The probe that what is learned will be used with.

        Raises:
            InputError: there is none.
            ModelError, PromptError: as `learned_for`.
        """
        probe = Probe.load(self.beside) if self.beside else learned_for(Probe, template, engine)
        if probe is None:
            raise InputError(f"there is no probe of {template.name} for {engine.info.id}: train it first")
        return probe


class Bound(NamedTuple):
    """What is learned belongs to this template and model, and reads these layers.

    `notes`: what it was learned from.
    """

    template: Template
    model_sha256: str
    layers: tuple[int, ...]
    notes: str

    def fields(self, **about: object) -> dict[str, Any]:
        """The fields of a `LearnedFile` that tell so. `about`: how much it was learned from, for its notes."""
        return {
            "layers": self.layers,
            "template": self.template.name,
            "template_sha256": self.template.sha256,
            "model_sha256": self.model_sha256,
            "notes": json.dumps({"about": self.notes, **about}),
        }


def names_of(files: Sequence[Path]) -> str:
    """For the notes."""
    return ", ".join(path.name for path in files)


def drawn(calls: Sequence[LabelledCall], limit: int | None) -> list[LabelledCall]:
    """So many of them, drawn by chance, the same each time; all, in their order, without a limit."""
    if limit is None:
        return list(calls)
    return random.Random(1).sample(list(calls), min(limit, len(calls)))  # noqa: S311


def wordings_of(path: Path | None) -> Wordings:
    """A file of wordings: by policy and word, other ways to say its description.

    Raises:
        InputError: it cannot be read as such; the place has the line.
    """
    return {} if path is None else read_model(path, _Wordings, "the wordings", InputError)[0].root
