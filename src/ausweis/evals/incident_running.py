"""Reads labelled calls for critical incidents, as a policy would have them read that asks for all that is known."""

from collections.abc import Callable, Sequence
from functools import cache

from ausweis.engines.protocol import Engine
from ausweis.evals.incident_case import IncidentCase, IncidentGold
from ausweis.facts import Mention
from ausweis.prompts import Library
from ausweis.reading.incidents import IncidentQuestion, IncidentReader
from ausweis.reading.strategies import incident_reader
from ausweis.vocabulary import INCIDENTS

__all__ = ["read_incidents"]


def read_incidents(
    cases: Sequence[IncidentCase],
    engine: Engine,
    library: Library,
    *,
    probes: bool = True,
    on_progress: Callable[[int], None] = lambda done: None,
) -> dict[str, tuple[Mention, ...]]:
    """What is found in each call, by its id.

    Raises:
        EngineError, ModelError, PromptError: as the reading.
    """

    @cache
    def reader_of(wanted: tuple[IncidentQuestion, ...]) -> IncidentReader:
        return incident_reader(engine, library, wanted, probes=probes)

    found: dict[str, tuple[Mention, ...]] = {}
    for done, case in enumerate(cases, start=1):
        found[case.call.id], _ = reader_of(_wanted(case.gold)).read(case.call)
        on_progress(done)
    return found


def _wanted(gold: IncidentGold) -> tuple[IncidentQuestion, ...]:
    """All kinds and descriptions of which it is known whether they occur."""
    kinds = (IncidentQuestion(kind) for kind in INCIDENTS if gold.knows(kind))
    return *kinds, *(IncidentQuestion(None, own.description, own.speaker) for own in gold.described)
