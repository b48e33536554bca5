"""What reading costs; calls that were not read anew (answers from recordings) have no seconds that tell."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from ausweis.evals.case import Case

__all__ = ["Cost", "cost"]


class Cost(BaseModel):
    """Medians a call, and sums."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds_median: float | None
    seconds_total: float
    tokens_median: float | None
    tokens_total: int


def cost(cases: Sequence[Case]) -> Cost:
    """Of all cases that were read."""
    from statistics import median

    seconds = [case.seconds for case in cases if case.seconds is not None]
    tokens = [case.tokens for case in cases if case.tokens is not None]
    return Cost(
        seconds_median=round(median(seconds), 3) if seconds else None,
        seconds_total=round(sum(seconds), 3),
        tokens_median=median(tokens) if tokens else None,
        tokens_total=sum(tokens),
    )
