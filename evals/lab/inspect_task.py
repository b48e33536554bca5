"""The golden set and the judge as a task of Inspect (inspect_ai), for its log viewer. How: `docs/evals.md`.

Ausweis asks its own engine; the model that Inspect is given is never called. Scores need no more than the log, so that
`inspect score` works on one.
"""

# Without the extra there are no types of Inspect to check by.
# mypy: disable-error-code="import-not-found,untyped-decorator"

import contextlib
import logging
import os
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from anyio import to_thread
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import CORRECT, INCORRECT, Score, Scorer, Target, accuracy, grouped, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import concurrency

from ausweis.batch.config import ScorerConfig
from ausweis.batch.scoring import Scored
from ausweis.engines.protocol import Engine
from ausweis.evals.case import Label, tags_of
from ausweis.judging.sentences import violation_sentence
from ausweis.judging.verdict import Verdict
from ausweis.labelled import LabelledCall, read_all
from ausweis.policies import PolicyFile, find_policy

_NAME = "ausweis"


@task
def golden(
    golden: str | list[str] = "evals/golden/dev.jsonl",
    engine: str = "llama",
    model: str | None = None,
    strategy: str | None = None,
) -> Task:
    """The labelled calls of one or several files, each judged by the policy of its label; options as of `eval run`.

    Raises:
        InputError, PolicyError, PromptError: the golden set, a policy or the templates cannot be used.
    """
    with contextlib.chdir(_folder()):
        files = map(Path, [golden] if isinstance(golden, str) else golden)
        calls = [labelled for labelled in read_all(files) if labelled.gold.outcome is not None]
        policies = {name: find_policy(name) for name in dict.fromkeys(labelled.policy for labelled in calls)}
        options = {"engine": engine, "model": model, "strategy": strategy}
        recipe = ScorerConfig.of(next(iter(policies.values())), options)
        recipe.library()
    return Task(
        dataset=MemoryDataset([_sample(labelled) for labelled in calls], name="golden"),
        solver=_judging(recipe, policies, {labelled.call.id: labelled for labelled in calls}),
        scorer=outcome(),
    )


@scorer(
    metrics=[
        accuracy(),
        stderr(),
        grouped(accuracy(), "policy", all=False, name_template="policy:{group_name}"),
        grouped(accuracy(), "language", all=False, name_template="language:{group_name}"),
    ]
)
def outcome() -> Scorer:
    """Whether the outcome is the label's; a call without a verdict is wrong."""

    async def score(state: TaskState, target: Target) -> Score:
        label = _side(target.text, state.metadata["violations"])
        if not state.output.completion:
            return Score(value=INCORRECT, explanation=f"label: {label}\nno verdict: {state.output.error}")
        verdict = Verdict.model_validate_json(state.output.completion)
        told = Label.of_verdict(verdict)
        lines = [f"label: {label}", f"verdict: {_side(str(told.outcome), [*map(str, told.violations)])}"]
        for one in verdict.violations:
            lines.append(f"{one.type}@{one.turn}: {violation_sentence(one, 'en', verdict.vocabulary)}")
            lines += [f"{one.type}@{one.turn}: turn {shown.turn}, “{shown.quote}”" for shown in one.evidence]
        right = told.outcome == target.text
        return Score(value=CORRECT if right else INCORRECT, answer=told.outcome, explanation="\n".join(lines))

    return score


def _judging(recipe: ScorerConfig, policies: Mapping[str, PolicyFile], calls: Mapping[str, LabelledCall]) -> Solver:
    """Judges one call at a time. The model is loaded for the first, and closed with the last reference to this."""
    stack = contextlib.ExitStack()

    @cache
    def engine() -> Engine:
        return stack.enter_context(recipe.engine_opened(logging.getLogger(__name__).warning))

    def judged(labelled: LabelledCall) -> Scored:
        return replace(recipe, policy=policies[labelled.policy]).scorer(engine()).score(labelled.call)

    # Inspect writes the arguments of a solver to its log: so there are none.
    @solver(name=_NAME)
    def judging() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            async with concurrency(_NAME, 1):
                scored = await to_thread.run_sync(judged, calls[str(state.sample_id)])
            if (verdict := scored.verdict) is None:
                reason = f"{scored.failure.message} [{scored.failure.kind}]" if scored.failure else "no verdict"
                state.output = ModelOutput(model=_NAME, error=reason)
                return state
            content = verdict.model_dump_json(by_alias=True, exclude_none=True, indent=2)
            origin = verdict.provenance.model if verdict.provenance else None
            state.output = ModelOutput.from_content(origin.id if origin else _NAME, content)
            state.messages.append(state.output.message)
            return state

        weakref.finalize(solve, stack.close)
        return solve

    return judging()


def _sample(labelled: LabelledCall) -> Sample:
    call, gold = labelled.call, labelled.gold
    return Sample(
        id=call.id,
        input="\n".join(f"[{number}] {turn.speaker}: {turn.text}" for number, turn in enumerate(call.turns, start=1)),
        target=str(gold.outcome),
        metadata={
            "title": gold.title,
            "policy": gold.policy,
            "language": call.language,
            "tags": list(tags_of(labelled)),
            "violations": [f"{violation.type}@{violation.turn}" for violation in gold.violations],
            "why": gold.why,
        },
    )


def _side(told: str, violations: Sequence[str]) -> str:
    return f"{told} ({', '.join(violations)})" if violations else told


def _folder() -> Path:
    """Where the command was given: Inspect calls a task in the folder of the task's file."""
    here = Path.cwd()
    return Path(os.environ.get("PWD", here)) if here == Path(__file__).resolve().parent else here
