"""Do verdicts flip when the same calls are asked again?"""

from collections import defaultdict
from collections.abc import Sequence

from ausweis.evals.case import Case
from ausweis.evals.conclusion import ids_of
from ausweis.evals.metrics.estimate import Estimate, share
from ausweis.evals.metrics.outcomes import told

__all__ = ["flipped", "flips"]


def flipped(cases: Sequence[Case]) -> list[str]:
    """The ids of the calls that have several outcomes, or other incidents, over the repeats."""
    verdicts: dict[str, set[tuple[str, frozenset[str]]]] = defaultdict(set)
    for case in cases:
        verdicts[case.id].add((told(case), ids_of(case.told.incidents if case.told else ())))
    return sorted(identifier for identifier, said in verdicts.items() if len(said) > 1)


def flips(cases: Sequence[Case]) -> Estimate | None:
    """Their share; None where nothing was repeated."""
    if all(case.repeat == 1 for case in cases):
        return None
    return share(len(flipped(cases)), len({case.id for case in cases}))
