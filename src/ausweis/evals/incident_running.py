"""Reads labelled calls for critical incidents, as a policy that asks for all known kinds would have them read."""

from collections.abc import Callable, Sequence

from ausweis.engines.protocol import Engine
from ausweis.evals.incident_case import IncidentCase
from ausweis.prompts import Library
from ausweis.reading.facts import Mention
from ausweis.reading.incidents import IncidentReader, WantedIncident
from ausweis.reading.strategies import incident_reader
from ausweis.vocabulary import INCIDENTS

__all__ = ["read_incidents"]


def read_incidents(
    cases: Sequence[IncidentCase],
    engine: Engine,
    library: Library,
    *,
    readouts: bool = True,
    on_progress: Callable[[int], None] = lambda done: None,
) -> dict[str, tuple[Mention, ...]]:
    """What is found in each call, by its id.

    Raises:
        EngineError, ModelError, PromptError: as the reading.
    """
    wanted = tuple(WantedIncident(kind) for kind in INCIDENTS)
    reader: IncidentReader = incident_reader(engine, library, wanted, readouts=readouts)
    found: dict[str, tuple[Mention, ...]] = {}
    for done, case in enumerate(cases, start=1):
        found[case.call.id], _ = reader.read(case.call)
        on_progress(done)
    return found
