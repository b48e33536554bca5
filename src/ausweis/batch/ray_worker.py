"""What a process of the pool does: loads the model, takes rows with a call, gives rows with what became of it.

Faults that end a run travel as rows, not as exceptions: Ray writes tracebacks to its logs, where no word of a call
may stand, and a person needs one sentence.
"""

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ausweis import errors
from ausweis.batch.config import ScorerConfig
from ausweis.batch.scoring import Scored, Scorer
from ausweis.calls.call import Call
from ausweis.calls.failure import Failure
from ausweis.errors import AusweisError, EngineError, ModelError
from ausweis.provenance import RunProvenance

ATTEMPTS = 3
"""So many processes may die over a call before it fails."""

_SCORED = TypeAdapter(Scored)


def packed(number: int, call: Call) -> dict[str, Any]:
    """A call as a row for `Worker`; `number` is its own among those of a dataset."""
    return {"number": number, "call_id": call.id, "call": call.model_dump_json(by_alias=True)}


def unpacked(row: dict[str, Any]) -> Scored:
    """What `Worker` says of a call.

    Raises:
        AusweisError: a fault that ends the run.
    """
    if row["fault"]:
        name, message, place = json.loads(row["fault"])
        raise getattr(errors, name)(message, place=place)
    return _SCORED.validate_json(row["scored"])


class Attempts:
    """Outlives the workers, and so knows what they died over. An actor of its own."""

    def __init__(self) -> None:
        self._openings = 0
        self._attempts: dict[int, int] = {}

    def opens(self) -> int:
        """A worker loads the model: how many did since a call was begun."""
        self._openings += 1
        return self._openings

    def begins(self, number: int) -> int:
        """A worker begins a call: how many did with this one."""
        self._openings = 0
        self._attempts[number] = self._attempts.get(number, 0) + 1
        return self._attempts[number]


class Worker:
    """One process: rows with a call in, rows with its outcome out.

    `origin` is what its verdicts must come from; `openings`: so many times the model may be loaded without a call
    being begun; `folder`: where paths of the config begin, on machines that have it.
    """

    def __init__(self, config: ScorerConfig, origin: RunProvenance, attempts: Any, openings: int, folder: Path) -> None:
        import ray

        self._get = ray.get
        self._attempts = attempts
        self._stack = ExitStack()
        self._opened: Scorer | AusweisError
        if self._get(attempts.opens.remote()) > openings:
            message = "workers end while they load the model, out of memory perhaps; use fewer, or a smaller model"
            self._opened = ModelError(message)
            return
        self._opened = _open(config, folder, self._stack)
        if isinstance(self._opened, Scorer) and (other := _difference(self._opened.origin, origin)):
            message = f"the worker on {_here()} has another {other} than the first one; give all machines the same"
            self._opened = ModelError(message)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row of one call."""
        try:
            return {"scored": self._score(row), "fault": ""}
        except AusweisError as error:
            fault = error
        except Exception as error:
            fault = ModelError(f"the worker on {_here()} cannot go on ({type(error).__name__})")
        return {"scored": b"", "fault": json.dumps([type(fault).__name__, fault.message, fault.place])}

    def _score(self, row: dict[str, Any]) -> bytes:
        if isinstance(self._opened, AusweisError):
            raise self._opened
        call_id = str(row["call_id"])
        if self._get(self._attempts.begins.remote(int(row["number"]))) > ATTEMPTS:
            return _line(_given_up(call_id))
        try:
            return _line(self._opened.score(Call.model_validate_json(row["call"])))
        except AusweisError:
            raise
        except Exception as error:
            return _line(Scored(call_id, failure=Failure.of(error, call_id)))


def open_origin(config: ScorerConfig, folder: Path) -> tuple[RunProvenance | AusweisError, list[str]]:
    """What the verdicts of a worker come from, and of what a user should be warned.

    Asked of a worker: the machine that hands out the calls may have no model.
    """
    warnings: list[str] = []
    with ExitStack() as stack:
        opened = _open(config, folder, stack, warnings.append)
        return opened if isinstance(opened, AusweisError) else opened.origin, warnings


def _open(
    config: ScorerConfig, folder: Path, stack: ExitStack, warn: Callable[[str], None] | None = None
) -> Scorer | AusweisError:
    if folder.is_dir():
        os.chdir(folder)
    try:
        return stack.enter_context(config.open(warn))
    except AusweisError as error:
        return error
    except Exception as error:
        return ModelError(f"a worker on {_here()} cannot load the model ({type(error).__name__})")


def _here() -> str:
    return os.uname().nodename


def _line(scored: Scored) -> bytes:
    return _SCORED.dump_json(scored, by_alias=True)


def _given_up(call_id: str) -> Scored:
    message = f"{ATTEMPTS} workers ended while they read the call, out of memory perhaps; retry it with fewer workers"
    return Scored(call_id, failure=Failure.of(EngineError(message), call_id))


def _difference(origin: RunProvenance, other: RunProvenance) -> str:
    """What differs, in a person's words; empty if nothing does."""
    words = {"ausweis": "ausweis version", "model": "model or engine"}
    differing = [name for name in RunProvenance.model_fields if getattr(origin, name) != getattr(other, name)]
    return ", ".join(words.get(name, name) for name in differing)
