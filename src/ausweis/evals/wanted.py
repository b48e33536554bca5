"""What an eval run is to measure: which calls, by which policies, read by which system, answered from where."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ausweis.batch.config import ScorerConfig
from ausweis.engines.protocol import Engine
from ausweis.engines.recorded import Packed, RecordedEngine, ReplayEngine, unpack
from ausweis.engines.weights import catalogue, locate
from ausweis.errors import InputError
from ausweis.evals.case import gold_of, tags_of
from ausweis.evals.conclusion import Conclusion
from ausweis.evals.folder import GoldenFile, Plan, Warn, answers_folder
from ausweis.evals.labelled import LabelledCall, read_all, read_labelled
from ausweis.judging.policy_files import PolicyFile, find_policy
from ausweis.opening import read_bytes

__all__ = ["Wanted"]


@dataclass(frozen=True)
class Wanted:
    """What to measure. `recipe` names engine, model, strategy and prompts; its policy is put in for each call.

    `answers_of`: an eval run whose raw answers are given instead of asking a model. `recorded`: a file of recorded
    answers; the model is asked only what is not in it, and once more all of `live` calls by chance.
    """

    golden: tuple[Path, ...]
    recipe: ScorerConfig
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    limit: int | None = None
    policy: str | None = None
    repeats: int = 1
    answers_of: Path | None = None
    recorded: Path | None = None
    live: int = 0
    seed: int | None = None

    def chosen(self) -> list[LabelledCall]:
        """The labelled calls that have all the tags, of these ids, as many as wanted.

        Raises:
            InputError: the golden set cannot be read, or there are no such calls.
        """
        calls = read_all(self.golden)
        if missing := set(self.ids) - {labelled.call.id for labelled in calls}:
            raise InputError(f"no labelled call has the id {min(missing)}")
        chosen = [labelled for labelled in calls if set(self.tags) <= set(tags_of(labelled))]
        chosen = [labelled for labelled in chosen if not self.ids or labelled.call.id in self.ids][: self.limit]
        if not chosen:
            raise InputError("no labelled call has all these tags")
        return chosen

    def policies(self, calls: Sequence[LabelledCall]) -> dict[str, PolicyFile]:
        """The policy to judge each call by, by the call's id: where a label tells of incidents, it asks for these.

        Raises:
            InputError, PolicyError: there is none of this name, or its file says something impossible.
        """
        files = self.policy_files(calls)
        return {labelled.call.id: _asking(labelled, files[labelled.policy]) for labelled in calls}

    def policy_files(self, calls: Sequence[LabelledCall]) -> dict[str, PolicyFile]:
        """The policy to judge by, for each that labels name.

        Raises:
            InputError, PolicyError: as `policies`.
        """
        return {name: find_policy(self.policy or name) for name in dict.fromkeys(call.policy for call in calls)}

    def gold(self, calls: Sequence[LabelledCall]) -> dict[str, Conclusion]:
        """What is true of each call, by its id; with a policy for all, what that makes of the label's events."""
        policies = self.policies(calls)
        anew = self.policy is not None
        return {call.call.id: gold_of(call, policies[call.call.id].policy, anew=anew) for call in calls}

    def plan(self) -> Plan:
        """The same as `eval.json` keeps it."""
        return Plan(
            golden=tuple(_golden_file(path) for path in self.golden),
            tags=self.tags,
            ids=self.ids,
            limit=self.limit,
            policy=self.policy,
            repeats=self.repeats,
            answers_of=None if self.answers_of is None else str(self.answers_of),
            recorded=None if self.recorded is None else _sha256(self.recorded),
        )

    def recordings(self) -> Packed | None:
        """The recorded answers, if they are of the model and engine that would be asked.

        Raises:
            InputError: the file cannot be used, or nothing is known of the model before it is asked.
        """
        if self.recorded is None:
            return None
        if self.recipe.engine != "llama":
            raise InputError(
                "--recorded is for the engine llama: of a server's model nothing is known before it is asked"
            )
        from ausweis.engines.llama import engine_name

        packed = unpack(self.recorded)
        name = self.recipe.model or catalogue.default_id()
        known = {entry.id: entry.sha256 for entry in catalogue.entries()}
        wanted = known[name] if name in known else locate(name).sha256
        same = packed.info.sha256 == wanted and packed.info.engine == engine_name()
        return packed if same else None

    @contextmanager
    def engine(self, repeat: int, warn: Warn) -> Iterator[Engine]:
        """What answers the questions of a repeat.

        Raises:
            AusweisError: there are no such answers, or the model cannot be loaded.
        """
        with ExitStack() as stack:
            if self.answers_of is not None:
                replay = ReplayEngine(answers_folder(self.answers_of, repeat))
                stack.callback(replay.close)
                yield replay
            elif (packed := self.recordings()) is not None:
                yield RecordedEngine(packed, lambda: stack.enter_context(self.recipe.engine_opened(warn)))
            else:
                yield stack.enter_context(self.recipe.engine_opened(warn))


def _asking(labelled: LabelledCall, file: PolicyFile) -> PolicyFile:
    """The policy, asking for the incidents that the label knows of."""
    label = labelled.gold.incidents
    if label is None:
        return file
    incidents = tuple(label.asked())
    words = "".join(incident.model_dump_json() for incident in incidents)
    policy = file.policy.model_copy(update={"incidents": incidents})
    return replace(file, policy=policy, sha256=hashlib.sha256(f"{file.sha256}{words}".encode()).hexdigest())


def _golden_file(path: Path) -> GoldenFile:
    return GoldenFile(path=str(path), sha256=_sha256(path), calls=sum(1 for _ in read_labelled(path)))


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except OSError as error:
        raise InputError(f"the file cannot be read ({error.strerror})", place=str(path)) from None
