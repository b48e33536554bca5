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
from ausweis.prompts import Library, Template, folders_over_shipped
from ausweis.provenance import ModelProvenance, PromptProvenance, RunProvenance
from ausweis.reading.questions import Reader
from ausweis.reading.strategies import (
    CALL_TEMPLATE,
    EVENTS_TEMPLATE,
    HEADS,
    INCIDENT_QUESTION_TEMPLATE,
    INCIDENTS_TEMPLATE,
    QUESTION_TEMPLATE,
    TRANSCRIPT_TEMPLATE,
    TURN_TEMPLATES,
    fitting,
    not_learned,
    unlearned,
)

ASKED_BY = {
    **dict.fromkeys(HEADS, "heads"),
    **dict.fromkeys(TURN_TEMPLATES.values(), "turnwise"),
    EVENTS_TEMPLATE: "events",
}
"""The strategy that asks with a template, where it is one alone."""
_HINTS = {
    QUESTION_TEMPLATE: " (the policy has no factor or change of its own)",
    CALL_TEMPLATE: " (learned for another probe, or the policy has own words)",
    **dict.fromkeys((INCIDENTS_TEMPLATE, "incident"), " (the policy looks for no incident)"),
    INCIDENT_QUESTION_TEMPLATE: " (the policy describes no incident)",
}
"""Why that one does not ask with it here."""


class PinnedLibrary(Library):
    """Templates of which an id stands for the version that the user chose (`agent-turn@2`, or a file).

    `own`: the folder that lies over those that ship.

    Raises:
        PromptError: a version is not there, or two versions of one template are chosen.
    """

    def __init__(self, own: Path | None, names: Sequence[str]) -> None:
        super().__init__(*folders_over_shipped(own))
        self._pinned: dict[str, Template] = {}
        for template in [self.get(name) for name in names]:
            other = self._pinned.setdefault(template.id, template)
            if other.name != template.name or other.sha256 != template.sha256:
                raise PromptError(f"two versions of {template.id} are chosen; choose one", place=str(self.folder))

    def candidates(self, identifier: str) -> Iterator[Template]:
        """The chosen version of an id alone; without one, as in any library."""
        pinned = self._pinned.get(identifier)
        return super().candidates(identifier) if pinned is None else iter((pinned,))

    def refuse_unused(self, strategy: str, prompts: Iterable[PromptProvenance], model: ModelProvenance) -> None:
        """Say so when a template was chosen that is not among those that the strategy asks with.

        Raises:
            ModelError: an index of learned parts cannot be read.
            PromptError: one was.
        """
        asked = {stamp.id for stamp in prompts}
        for identifier, template in self._pinned.items():
            if identifier in asked:
                continue
            heads = HEADS.get(identifier, ()) if strategy == "heads" else ()
            # These two are asked in any words, by choice.
            free = identifier in (QUESTION_TEMPLATE, INCIDENT_QUESTION_TEMPLATE)
            learned = kinds_for(model.sha256).items() if heads else ()
            stamps = {stamp for stamp, kinds in learned if kinds & set(heads)}
            if heads and not any(stamp == template.provenance or (free and stamp.id == identifier) for stamp in stamps):
                raise PromptError(not_learned(template, model))
            message = f"the strategy {strategy} does not ask with it; it asks with {', '.join(sorted(asked))}"
            own = ASKED_BY.get(identifier, strategy)
            hint = _HINTS.get(identifier, "") if own == strategy else f" (--strategy {own} asks with it)"
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
    prompt_folder: Path | None = None
    pins: tuple[str, ...] = ()
    authentication: bool = True

    @classmethod
    def of(cls, policy: PolicyFile, options: dict[str, Any]) -> "ScorerConfig":
        """Take out of the options of a command those that are named as the fields are.

        Templates are those of AUSWEIS_PROMPTS, on all machines.
        """
        folder = os.environ.get("AUSWEIS_PROMPTS")
        names = {own.name for own in fields(cls)} & options.keys() - {"policy"}
        given = {name: options.pop(name) for name in names}
        return cls(policy, prompt_folder=Path(folder) if folder else None, **given)

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
        return PinnedLibrary(self.prompt_folder, self.pins)

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
        if warn is not None and reader.strategy == "heads":
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
        if self.strategy is not None or origin.strategy != "events":
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
        strategy = self.strategy or fitting(engine)
        reader = reading.open_reader(strategy, engine, library, text, authentication=self.authentication)
        if self.authentication:
            library.refuse_unused(reader.strategy, reader.prompts, engine.info)
        return reader
