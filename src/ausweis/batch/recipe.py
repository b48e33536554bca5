"""What a scorer is made of, as names and numbers: any process, on any machine, can make the same one from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ausweis.batch.scorer import Scorer
from ausweis.batch.setup import PinnedLibrary, open_engine
from ausweis.engines.protocol import Engine
from ausweis.errors import InputError
from ausweis.judging.policy_files import PolicyFile
from ausweis.prompts import default_library
from ausweis.reading.reader import Reader

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
    """The engine and the templates by name (`open_engine`, `PinnedLibrary`), the policy as it was read.

    `authentication`: as in `open_reader`; without it a template may be chosen that other readers ask with.
    """

    policy: PolicyFile
    engine: str = "llama"
    model: str | None = None
    context: int | None = None
    threads: int | None = None
    workers: int | None = None
    record: Path | None = None
    strategy: str = "turnwise"
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
        sets = (factors for level in self.policy.policy.levels.values() for factors in level.any_of)
        unlearned = dict.fromkeys(factor for factors in sets for factor in factors if factor not in reader.factors)
        if warn is not None and unlearned:
            named = ", ".join(unlearned)
            warn(f"{self.policy.place}: what reads calls here cannot tell {named}: sets with it are never met")
            own = self.policy.policy.own_words
            unseen = ", ".join(word.id for word in own if not word.is_factor)
            if unseen and any(word.id in unlearned for word in own):
                warn(f"{self.policy.place}: nor is {unseen} looked for: such actions are never seen")
        return Scorer(reader, engine, self.policy)

    def reader(self, engine: Engine) -> Reader:
        """Reads by asking this engine.

        Raises:
            InputError, PromptError: as `open_reader`; or a version was chosen that the strategy does not ask with.
        """
        from ausweis import reading
        from ausweis.judging import explain

        library = self.library()
        policy = self.policy.policy
        if policy.incidents and self.strategy == "direct":
            message = "asks for incidents, which the strategy direct does not look for: leave --strategy out"
            raise InputError(message, place=self.policy.place)
        text = reading.PolicyText(
            explain(policy.model_copy(update={"incidents": ()}), "en"),
            self.policy.sha256,
            tuple(reading.IncidentQuestion(rule.kind, rule.description, rule.speaker) for rule in policy.incidents),
            policy.own_words,
        )
        reader = reading.open_reader(
            self.strategy, engine, library, text, probes=self.probes, authentication=self.authentication
        )
        if self.authentication:
            library.refuse_unused(reader.strategy, reader.prompts)
        return reader
