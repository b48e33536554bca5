"""What every training is told."""

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ausweis.engines.heads import LearnedFile, Probe
from ausweis.engines.learned_index import Base, LearnedKind, index_to_write
from ausweis.engines.protocol import Engine
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall, read_all
from ausweis.evals.validate import unknown_words
from ausweis.journal import make_folder
from ausweis.judging import find_policy
from ausweis.prompts import Template
from ausweis.provenance import ModelProvenance
from ausweis.reading.strategies import probe_for
from ausweis.vocabulary import CATEGORIES, FACTORS

__all__ = ["GoingOn", "Options", "calls_of", "drawn", "notes_of", "probe_beside"]

_SEED = 1


@dataclass(frozen=True)
class Options:
    """`limit`: so many of the labelled calls, drawn by chance. `out`: a file for what is learned, in no index.

    Without `out` it is kept in the folder of learned parts, as this `version`, or else as the next one.
    `work`: where the states of the lines are kept. `progress` shows how far the reading is, `tell` what was learned.
    """

    labelled: tuple[Path, ...]
    model: str
    template: str
    work: Path
    progress: Callable[[Sequence[LabelledCall]], AbstractContextManager[Iterable[LabelledCall]]]
    tell: Callable[[str], None]
    limit: int | None = None
    rounds: int | None = None
    out: Path | None = None
    version: int | None = None

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
            InputError: there is no place for it, or the version is there already.
            ModelError: the index of learned parts cannot be read.
            RunError: the folder of `out` cannot be made.
        """
        if out := self.out:
            if self.version is not None:
                raise InputError("--version is for the folder of learned parts: leave it out, or --out")
            make_folder(out.parent)
            return lambda learned: _saved(learned, out)
        index, base = index_to_write(), Base(id=model.id, sha256=model.sha256)
        index.free_version(kind, template.provenance, base, self.version)
        return lambda learned: index.register(
            kind,
            template.provenance,
            base,
            learned.data(),
            about,
            version=self.version,
            bound_to=bound_to,
            asked_by=asked_by.provenance if asked_by else None,
        )


@dataclass(frozen=True)
class GoingOn:
    """The probe that goes on learning; of calls that it knows, `rehearsed` are learned again beside the new ones.

    `share`: as in `training.probe.Start`.

    What is told of left-out calls then holds only if it has never seen them, not even in another form.
    """

    probe: Path
    rehearse: tuple[Path, ...] = ()
    rehearsed: int | None = None
    share: float = 1.0

    def known(self) -> list[LabelledCall]:
        """All calls that it knows.

        Raises:
            InputError: a file cannot be read.
        """
        return read_all(self.rehearse) if self.rehearse else []

    def again(self, new: Collection[str]) -> list[LabelledCall]:
        """Those that are learned again; none that are among the `new` ones, by id.

        Raises:
            InputError: a file cannot be read.
        """
        return [call for call in drawn(self.known(), self.rehearsed) if call.call.id not in new]

    def start(self, template: Template, model: Base) -> Probe:
        """The probe, once it is one of this template and of this model.

        Raises:
            InputError: it is not.
            PromptError: the file is no probe.
        """
        start = Probe.load(self.probe)
        if (start.template_sha256, start.model_sha256) != (template.sha256, model.sha256):
            message = f"the probe to go on from is not for {template.name} and {model.id}"
            raise InputError(message, place=str(self.probe))
        return start


def _saved(learned: LearnedFile, path: Path) -> Path:
    learned.save(path)
    return path


def probe_beside(template: Template, engine: Engine) -> Probe:
    """The probe that what is learned will be used with: the newest for the template and the engine's model.

    Raises:
        InputError: there is none.
        ModelError, PromptError: as `probe_for`.
    """
    probe = probe_for(template, engine)
    if probe is None:
        raise InputError(f"there is no probe of {template.name} for {engine.info.id}: train it first")
    return probe


def notes_of(options: Options, going_on: GoingOn | None) -> str:
    """What the notes of a part say that is learned so."""
    files = (*options.labelled, *(going_on.rehearse if going_on else ()))
    start = f", going on from {going_on.probe.name}, share {going_on.share:g}" if going_on else ""
    return f"learned from {', '.join(path.name for path in files)}{start}"


def calls_of(options: Options, *, judged: bool = True) -> list[LabelledCall]:
    """The labelled calls that are learned from. `judged`: they will be judged by the policies of their labels.

    Raises:
        InputError: a file cannot be read, or a label names what its policy does not know.
        PolicyError: the policy of a label is not there that is judged, or names own words.
    """
    calls = read_all(options.labelled)
    policy_of = cache(find_policy)
    for labelled in calls:
        own = {event.subject for event in labelled.gold.events} - {None, *FACTORS, *CATEGORIES}
        unknown = unknown_words(labelled, policy_of(labelled.policy).policy) if judged or own else iter(())
        if problem := next(unknown, None):
            raise InputError(problem, place=labelled.call.id)
    return drawn(calls, options.limit)


def drawn(calls: Sequence[LabelledCall], limit: int | None) -> list[LabelledCall]:
    """So many of them, drawn by chance, the same each time; all, in their order, without a limit."""
    if limit is None:
        return list(calls)
    return random.Random(_SEED).sample(list(calls), min(limit, len(calls)))  # noqa: S311
