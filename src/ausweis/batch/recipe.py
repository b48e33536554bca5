"""What a scorer is made of, as names and numbers: any process, on any machine, can make the same one from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ausweis.batch.scorer import Scorer
from ausweis.batch.setup import PinnedLibrary, open_engine
from ausweis.engines.protocol import Engine
from ausweis.judging.policy_files import PolicyFile
from ausweis.prompts import default_library
from ausweis.provenance import RunProvenance
from ausweis.reading.reader import Reader
from ausweis.reading.strategies import (
    CALL_TEMPLATE,
    INCIDENT_QUESTION_TEMPLATE,
    INCIDENTS_TEMPLATE,
    QUESTION_TEMPLATE,
    TRANSCRIPT_TEMPLATE,
    fitting,
    unlearned,
)

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
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
    def of(cls, policy: PolicyFile, options: dict[str, Any]) -> "Recipe":
        """Take out of the options of a command those that are named as the fields are; `zero_shot` is no `probes`."""
        names = {own.name for own in fields(cls)} & options.keys() - {"policy"}
        return cls(policy, probes=not options.pop("zero_shot"), **{name: options.pop(name) for name in names})

    def library(self) -> PinnedLibrary:
        """The templates.

        Raises:
            PromptError: a version that was chosen is not there.
        """
        return PinnedLibrary(self.prompt_folder or default_library().folder, self.pins)

    @contextmanager
    def open(self, warn: Callable[[str], None] | None = None) -> Iterator[Scorer]:
        """Load the model; inside, calls can be scored. `warn` is told what a user should know before.

        Raises:
            InputError, ModelError, PromptError, RunError: as `open_engine` and `open_reader`.
        """
        self.library()
        with self.engine_opened(warn) as engine:
            yield self.scorer(engine, warn)

    @contextmanager
    def engine_opened(self, warn: Callable[[str], None] | None = None) -> Iterator[Engine]:
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

    def scorer(self, engine: Engine, warn: Callable[[str], None] | None = None) -> Scorer:
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
