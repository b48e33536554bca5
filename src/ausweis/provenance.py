"""What verdicts come from: made when a run begins, kept with it and with each verdict."""

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field


class _Part(BaseModel, extra="forbid", frozen=True, populate_by_name=True):
    pass


class PolicyProvenance(_Part):
    """Which policy judged."""

    id: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.id} {self.version} ({self.sha256[:12]})"


class PromptProvenance(_Part):
    """Which version of a template asked, or of a learned part (`transcript:probe`) read an answer of it."""

    id: str
    version: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.id}@{self.version} ({self.sha256[:12]})"


class ModelProvenance(_Part):
    """Which weights answer, run by which engine with which parameters.

    `context_tokens`: how many tokens it looks at, 0 where nobody says; not told in verdicts.
    """

    id: str
    sha256: str
    engine: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    context_tokens: int = Field(default=0, exclude_if=lambda tokens: not tokens)

    def __str__(self) -> str:
        return f"{self.id} ({self.sha256[:12]})"


class _Origin(_Part):
    ausweis: str
    policy: PolicyProvenance
    prompts: tuple[PromptProvenance, ...] = ()
    model: ModelProvenance | None = None


class Provenance(_Origin):
    """All that is needed to get a verdict again. `seconds` and `tokens` are of this reading, and no part of that."""

    facts_sha256: str
    seconds: float | None = None
    tokens: int | None = None


ASKED_FOR_EVENTS = ("agent-turn", "call-events")
"""The templates by which a model is asked what an agent did, where nothing was learned to read it."""


class RunProvenance(_Origin):
    """What all verdicts of a run come from."""

    model: ModelProvenance
    strategy: str

    @property
    def measured(self) -> bool:
        """Whether it is known how much this reader misses: of a learned one by golden sets; a script misses nothing.

        Of one that is asked, where labelled calls told what its probabilities mean.
        """
        ids = {prompt.id for prompt in self.prompts}
        calibrated = any(f"{name}:calibration" in ids for name in ASKED_FOR_EVENTS)
        return calibrated or ids.isdisjoint(ASKED_FOR_EVENTS) or self.model.engine.removeprefix("recorded:") == "fake"

    def of_verdict(self, facts_sha256: str, *, seconds: float | None = None, tokens: int | None = None) -> Provenance:
        """What one verdict comes from. `seconds` and `tokens` are of reading, None where stored facts were judged."""
        return Provenance(
            ausweis=self.ausweis,
            policy=self.policy,
            prompts=self.prompts,
            model=self.model.model_copy(update={"context_tokens": 0}),
            facts_sha256=facts_sha256,
            seconds=None if seconds is None else round(seconds, 3),
            tokens=tokens,
        )

    def parts(self) -> dict[str, str]:
        """Each part as it is shown: equal in two runs that may be one."""
        return {
            "ausweis version": self.ausweis,
            "strategy": self.strategy,
            "policy": str(self.policy),
            "prompts": ", ".join(map(str, self.prompts)) or "none",
            "model": str(self.model),
            "engine": self.model.engine,
            "engine parameters": json.dumps(self.model.parameters, sort_keys=True),
            "context": f"{self.model.context_tokens} tokens",
        }


def now() -> str:
    """The time, in UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
