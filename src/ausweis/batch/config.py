"""What a scorer is made of, as names and numbers: any process, on any machine, can make the same one from it.

The engine and the templates are named by the user; `PinnedLibrary` holds to the versions of templates that were chosen.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ausweis.batch.scoring import Scorer
from ausweis.engines.learned_index import kinds_for
from ausweis.engines.opened import Warn, open_engine
from ausweis.engines.protocol import Engine
from ausweis.errors import PromptError
from ausweis.policies.files import PolicyFile
from ausweis.prompts import Library, Template, default_library
from ausweis.provenance import ModelProvenance, PromptProvenance, RunProvenance
from ausweis.reading.questions import Reader
from ausweis.reading.strategies import (
    CALL_TEMPLATE,
    HEADS,
    INCIDENT_QUESTION_TEMPLATE,
    INCIDENTS_TEMPLATE,
    QUESTION_TEMPLATE,
    TRANSCRIPT_TEMPLATE,
    TURN_TEMPLATES,
    fitting,
    how_to_learn,
    unlearned,
)

__all__ = ["PinnedLibrary", "ScorerConfig"]

_HINTS = {
    **dict.fromkeys(TURN_TEMPLATES.values(), " (--strategy zero-shot asks with it)"),
    TRANSCRIPT_TEMPLATE: " (--strategy zero-shot asks without it)",
    QUESTION_TEMPLATE: " (the policy has no factor or change of its own, or the strategy is zero-shot)",
    CALL_TEMPLATE: " (learned for another probe, the policy has own words, or the strategy is zero-shot)",
    INCIDENT_QUESTION_TEMPLATE: " (the policy describes no incident, or the strategy is zero-shot)",
}
"""Why `turnwise` does not ask with a template."""


class PinnedLibrary(Library):
    """A folder of templates in which an id stands for the version that the user chose (`agent-turn@2`, or a file).

    Raises:
        PromptError: a version is not there, or two versions of one template are chosen.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        super().__init__(folder)
        self._pinned: dict[str, Template] = {}
        for template in [self.get(name) for name in names]:
            other = self._pinned.setdefault(template.id, template)
            if other.name != template.name or other.sha256 != template.sha256:
                raise PromptError(f"two versions of {template.id} are chosen; choose one", place=str(folder))

    def candidates(self, identifier: str) -> Iterator[Template]:
        """The chosen version of an id alone; without one, as in any library."""
        pinned = self._pinned.get(identifier)
        return super().candidates(identifier) if pinned is None else iter((pinned,))

    def refuse_unused(
        self, strategy: str, prompts: Iterable[PromptProvenance], model: ModelProvenance, *, probes: bool
    ) -> None:
        """Say so when a template was chosen that is not among those that the strategy asks with.

        Raises:
            ModelError: an index of learned parts cannot be read.
            PromptError: one was.
        """
        asked = {stamp.id for stamp in prompts}
        for identifier, template in self._pinned.items():
            if identifier in asked:
                continue
            heads = HEADS.get(identifier, ()) if strategy == "turnwise" and probes else ()
            # These two are asked in any words, by choice.
            free = identifier in (QUESTION_TEMPLATE, INCIDENT_QUESTION_TEMPLATE)
            learned = kinds_for(model.sha256).items() if heads else ()
            stamps = {stamp for stamp, kinds in learned if kinds & set(heads)}
            if heads and not any(stamp == template.provenance or (free and stamp.id == identifier) for stamp in stamps):
                raise PromptError(f"no {heads[0]} of {template.name} for {model.id}: {how_to_learn(template)}")
            message = f"the strategy {strategy} does not ask with it; it asks with {', '.join(sorted(asked))}"
            hint = _HINTS.get(identifier, "") if strategy == "turnwise" else ""
            raise PromptError(message + hint, place=template.name)


@dataclass(frozen=True)
class ScorerConfig:
    """The engine and the templates by name (`open_engine`, `PinnedLibrary`), the policy as it was read.

    `authentication`: as in `open_reader`; without it a template may be chosen that other readers ask with. `strategy`:
    None for the one that fits the engine.
    """

    policy: PolicyFile
    engine: str = "llama"
    model: str | None = None
    context: int | None = None
    threads: int | None = None
    workers: int | None = None
    record: Path | None = None
    strategy: str | None = None
    probes: bool = True
    prompt_folder: Path | None = None
    pins: tuple[str, ...] = ()
    authentication: bool = True

    @classmethod
    def of(cls, policy: PolicyFile, options: dict[str, Any]) -> "ScorerConfig":
        """Take out of the options of a command those that are named as the fields are.

        The strategy `zero-shot` is `turnwise` without probes; templates are those of AUSWEIS_PROMPTS, on all machines.
        """
        strategy, folder = options.pop("strategy"), os.environ.get("AUSWEIS_PROMPTS")
        names = {own.name for own in fields(cls)} & options.keys() - {"policy"}
        return cls(
            policy,
            strategy=None if strategy == "zero-shot" else strategy,
            probes=strategy != "zero-shot",
            prompt_folder=Path(folder) if folder else None,
            **{name: options.pop(name) for name in names},
        )

    @property
    def by_ray(self) -> bool:
        """Whether `workers` are processes of Ray: a server, or an engine of another package, has them as requests."""
        in_process = self.engine.partition(":")[0] in ("llama", "fake", "recorded")
        return self.workers is not None and (in_process or "RAY_ADDRESS" in os.environ)

    def library(self) -> PinnedLibrary:
        """The templates.

        Raises:
            PromptError: a version that was chosen is not there.
        """
        return PinnedLibrary(self.prompt_folder or default_library().folder, self.pins)

    @contextmanager
    def open(self, warn: Warn | None = None) -> Iterator[Scorer]:
        """Load the model; inside, calls can be scored. `warn` is told what a user should know before.

        Raises:
            InputError, ModelError, PromptError, RunError: as `open_engine` and `open_reader`.
        """
        self.library()
        with self.engine_opened(warn) as engine:
            yield self.scorer(engine, warn)

    @contextmanager
    def engine_opened(self, warn: Warn | None = None) -> Iterator[Engine]:
        """Load the model; inside, it can be asked.

        Raises:
            InputError, ModelError, PromptError, RunError: as `open_engine`.
        """
        engine = open_engine(
            self.engine,
            model=self.model,
            context=self.context,
            threads=self.threads,
            workers=self.workers,
            record=self.record,
            warn=warn,
        )
        try:
            yield engine
        finally:
            engine.close()

    def scorer(self, engine: Engine, warn: Warn | None = None) -> Scorer:
        """Reads by asking this engine, judges by the policy. `warn` is told what of the policy the reader cannot tell.

        Raises:
            InputError, PromptError: as `reader`.
        """
        reader = self.reader(engine)
        if warn is not None and self.probes and reader.strategy == "turnwise":
            for sentence in unlearned(self.library(), engine.info, self._read_by_heads()):
                warn(sentence)
        sets = (factors for level in self.policy.policy.levels.values() for factors in level.any_of)
        unseen_factors = dict.fromkeys(factor for factors in sets for factor in factors if factor not in reader.factors)
        if warn is not None and unseen_factors:
            named = ", ".join(unseen_factors)
            warn(f"{self.policy.place}: what reads calls here cannot tell {named}: sets with it are never met")
            own = self.policy.policy.own_words
            unseen = ", ".join(word.id for word in own if not word.is_factor)
            if unseen and any(word.id in unseen_factors for word in own):
                warn(f"{self.policy.place}: nor is {unseen} looked for: such actions are never seen")
        return Scorer(reader, engine, self.policy)

    def told_of_strategy(self, origin: RunProvenance) -> str | None:
        """What to say of the strategy before calls are read: None where it was named, or is the one of the default."""
        if self.strategy is not None or origin.strategy == "turnwise":
            return None
        how = f"is asked for all events of a call in one answer (strategy {origin.strategy})"
        return f"the model {origin.model.id} {how}: nothing was learned for it that reads turns"

    def _read_by_heads(self) -> Iterator[str]:
        """The templates that calls are read with under this policy, if something was learned for them."""
        if self.authentication:
            yield TRANSCRIPT_TEMPLATE
            yield QUESTION_TEMPLATE if self.policy.policy.own_words else CALL_TEMPLATE
        if self.policy.policy.incidents:
            yield INCIDENTS_TEMPLATE
        if any(rule.kind is None for rule in self.policy.policy.incidents):
            yield INCIDENT_QUESTION_TEMPLATE

    def reader(self, engine: Engine) -> Reader:
        """Reads by asking this engine.

        Raises:
            InputError, PromptError: as `open_reader`; or a version was chosen that the strategy does not ask with.
        """
        from ausweis import reading

        library = self.library()
        policy = self.policy.policy
        text = reading.PolicyText(
            tuple(
                reading.Question(incident=rule.kind, description=rule.description, speaker=rule.speaker)
                for rule in policy.incidents
            ),
            policy.own_words,
        )
        strategy = self.strategy or fitting(engine, probes=self.probes)
        reader = reading.open_reader(
            strategy, engine, library, text, probes=self.probes, authentication=self.authentication
        )
        if self.authentication:
            library.refuse_unused(reader.strategy, reader.prompts, engine.info, probes=self.probes)
        return reader
