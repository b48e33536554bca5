"""One call of an eval run, looked at: what was asked of the model, what it answered, what the reader made of it.

The call is read again from the answers that the run kept, without a model, and listened to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ausweis.batch.config import ScorerConfig
from ausweis.engines.overheard import Asked, OverhearingEngine
from ausweis.errors import AusweisError, InputError
from ausweis.evals.case import Case
from ausweis.evals.folder import answers_folder, read_source
from ausweis.facts import Facts
from ausweis.labelled import LabelledCall
from ausweis.policies import Policy, PolicyFile
from ausweis.provenance import PromptProvenance
from ausweis.reading.strategies import EVENTS_TEMPLATE, TRANSCRIPT_TEMPLATE, TURN_TEMPLATES
from ausweis.store import RunRow


@dataclass(frozen=True)
class Looked:
    """A call with its label, what the first repeat made of it, and all questions with their answers.

    `unknown`: why these are not known, in a sentence.
    """

    labelled: LabelledCall
    case: Case
    repeats: int
    facts: Facts | None
    asked: tuple[Asked, ...] = ()
    unknown: str = ""


def look(folder: Path, call_id: str) -> Looked:
    """Look at one call of a finished eval run.

    Raises:
        AusweisError: as `read_source`; or the run has no such call.
    """
    source = read_source(folder)
    case = next((case for case in source.cases if case.id == call_id and case.repeat == 1), None)
    if case is None:
        raise InputError(f"the eval run has no call {call_id}", place=str(folder))
    known = source.calls[call_id], case, source.manifest.plan.repeats, source.facts.get(call_id)
    if (run := source.runs.get(call_id)) is None:
        return Looked(*known, unknown=case.failure or "the store of the run is not there")
    try:
        return Looked(*known, asked=_read_again(source.calls[call_id], run, answers_folder(folder, 1)))
    except AusweisError as error:
        return Looked(*known, unknown=str(error))


def _read_again(labelled: LabelledCall, run: RunRow, answers: Path) -> tuple[Asked, ...]:
    """All that was asked about the call in the run, with the answers.

    Raises:
        AusweisError: they are not there, or the templates or what was learned for them are others than in the run.
    """
    if run.rules is None:
        raise InputError("the run did not keep its policy; run it again")
    stamps = _asking(run.prompts)
    templates = {stamp.id: f"{stamp.id}@{stamp.version}" for stamp in stamps if ":" not in stamp.id}
    told = templates.keys() & {TRANSCRIPT_TEMPLATE, EVENTS_TEMPLATE, *TURN_TEMPLATES.values()}
    recipe = ScorerConfig.of(
        PolicyFile(Policy.model_validate_json(run.rules), "", run.policy.id, run.policy.sha256),
        {
            "engine": f"recorded:{answers}",
            "strategy": run.strategy,
            "pins": tuple(templates.values()),
            "authentication": bool(told),
        },
    )
    with recipe.engine_opened() as engine:
        listening = OverhearingEngine(engine.info, engine)
        reader = recipe.reader(listening)
        then, now = stamps - _asking(reader.prompts), _asking(reader.prompts) - stamps
        if then or now:
            was, is_ = (", ".join(sorted(map(str, some))) or "nothing" for some in (then, now))
            message = f"what was asked cannot be shown: the run was read with {was}, and there is {is_} now"
            raise InputError(f"{message}; put it back, or run again", place=str(answers.parent.parent))
        reader.read(labelled.call)
    return tuple(asked for heard in listening.heard for asked in heard)


def _asking(prompts: Iterable[PromptProvenance]) -> set[PromptProvenance]:
    """Those on which questions and answers hang: all but what says how sure an answer is."""
    return {stamp for stamp in prompts if not stamp.id.endswith(":calibration")}
