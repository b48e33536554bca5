"""Changed calls, and whether verdicts behave: stay where a change is harmless, follow the rules where it is not."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from evals.lab.changing import harmful, harmless
from pydantic import BaseModel, ConfigDict

from ausweis.evals.case import Case
from ausweis.evals.labelled import LabelledCall
from ausweis.evals.metrics.estimate import Estimate, share
from ausweis.evals.metrics.outcomes import told

__all__ = ["CHANGES", "Behaviour", "Changed", "changed_calls", "check", "original_of"]

Change = Callable[[LabelledCall], LabelledCall | None]
HARMLESS: Mapping[str, Change] = {
    change.__name__: change
    for change in (
        harmless.swap_names,
        harmless.change_digits,
        harmless.add_small_talk,
        harmless.swap_goodbyes,
        harmless.praise_the_call,
    )
}
HARMFUL: Mapping[str, Change] = {
    change.__name__: change for change in (harmful.drop_the_factor, harmful.leak_the_factor)
}
CHANGES: Mapping[str, Change] = {**HARMLESS, **HARMFUL}
_MARK = "~"


class Changed(BaseModel):
    """A call whose verdict does not behave. `wanted`: the outcome that it must have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    wanted: str
    told: str


class Behaviour(BaseModel):
    """One change: how many verdicts behave. After a harmful one, only calls count that were judged right before it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    change: str
    behaves: Estimate
    wrong: tuple[Changed, ...]


def changed_calls(calls: Sequence[LabelledCall], *, each: int | None = None) -> list[LabelledCall]:
    """For each change the first `each` calls that it fits, changed; their ids end with `~` and its name.

    Calls whose label has an outcome: what a change does to incidents nobody knows.
    """
    judged = [labelled for labelled in calls if labelled.gold.outcome is not None]
    every = []
    for name, change in CHANGES.items():
        made = (_named(changed, name) for labelled in judged if (changed := change(labelled)) is not None)
        every += [labelled for _, labelled in zip(range(each or len(calls)), made, strict=False)]
    return every


def original_of(identifier: str) -> str:
    """The id of the call that a changed one was made of."""
    return identifier.rpartition(_MARK)[0]


def check(cases: Iterable[Case]) -> list[Behaviour]:
    """Hold changed calls against their originals; `cases` has both."""
    first = {case.id: case for case in cases if case.repeat == 1}
    return [
        _behaviour(name, first)
        for name in CHANGES
        if any(identifier.endswith(f"{_MARK}{name}") for identifier in first)
    ]


def _behaviour(name: str, cases: Mapping[str, Case]) -> Behaviour:
    wrong = []
    n = 0
    for identifier, case in cases.items():
        original = cases.get(original_of(identifier))
        if original is None or original.told is None or not identifier.endswith(f"{_MARK}{name}"):
            continue
        if name in HARMFUL and not original.right:
            continue
        n += 1
        wanted = case.gold.outcome if name in HARMFUL else told(original)
        if told(case) != wanted:
            wrong.append(Changed(id=identifier, wanted=wanted, told=told(case)))
    return Behaviour(change=name, behaves=share(n - len(wrong), n), wrong=tuple(wrong))


def _named(labelled: LabelledCall, change: str) -> LabelledCall:
    identifier = f"{labelled.call.id}{_MARK}{change}"
    update = {"must_pass": False, "twin": None, "incidents": None}
    changed = {
        "call": labelled.call.model_copy(update={"id": identifier}),
        "gold": labelled.gold.model_copy(update=update),
    }
    return labelled.model_copy(update=changed)
