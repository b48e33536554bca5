"""`ausweis eval run`: the golden set, read and judged by one system, as often as wanted.

A repeat is real: the model is loaded anew and asked every question, in another order of calls.
"""

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ausweis.batch import Progress, Recipe, RunFolder, local_runner, score
from ausweis.batch.manifest import Machine, Origin, now
from ausweis.batch.state import VERDICTS_FILE, failures
from ausweis.engines import catalogue
from ausweis.engines.packed import Packed, RecordedEngine, unpack
from ausweis.engines.protocol import Engine
from ausweis.engines.replay import RecordingEngine, ReplayEngine
from ausweis.engines.weights import locate
from ausweis.errors import InputError, RunError
from ausweis.evals.case import Case, case_of, gold_of, tags_of
from ausweis.evals.folder import (
    EvalManifest,
    GoldenFile,
    Live,
    Plan,
    System,
    answers_folder,
    read_eval,
    run_folder,
    write_eval,
)
from ausweis.evals.labelled import LabelledCall, read_all
from ausweis.evals.metrics import Summary, summarise
from ausweis.journal import FolderLock, lines
from ausweis.judging.policy_files import PolicyFile, find_policy
from ausweis.judging.verdict import Verdict

__all__ = ["Evaluation", "Wanted", "evaluate"]


@dataclass(frozen=True)
class Wanted:
    """What to measure. `recipe` names engine, model, strategy and prompts; its policy is put in for each call.

    `answers_of`: an eval run whose raw answers are given instead of asking a model. `recorded`: a file of recorded
    answers (`engines.packed`); the model is asked only what is not in it, and once more all of `live` calls by chance.
    """

    golden: tuple[Path, ...]
    recipe: Recipe
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
        if missing := set(self.ids) - {one.call.id for one in calls}:
            raise InputError(f"no labelled call has the id {min(missing)}")
        found = [
            one for one in calls if set(self.tags) <= set(tags_of(one)) and (not self.ids or one.call.id in self.ids)
        ][: self.limit]
        if not found:
            raise InputError("no labelled call has all these tags")
        return found


@dataclass(frozen=True)
class Evaluation:
    """What came out."""

    manifest: EvalManifest
    cases: list[Case]
    summary: Summary


def evaluate(
    wanted: Wanted,
    folder: Path,
    *,
    resume: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> Evaluation:
    """Read, judge and measure. `on_progress` counts readings: each call once for each repeat.

    A stopped run keeps every whole call, and goes on with `resume`.

    Raises:
        AusweisError: wrong use, a golden set that cannot be used, or a model that cannot be asked.
    """
    chosen = wanted.chosen()
    policies = _policies(wanted, chosen)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(folder)
    try:
        manifest = _begun(wanted, folder, resume=resume)
        run = _Run(wanted, folder, chosen, policies, on_progress or (lambda progress: None), warn)
        for repeat in range(1, wanted.repeats + 1):
            run.read(repeat)
        cases = run.cases()
        summary = summarise(cases)
        update = {"system": run.system, "finished": now(), "complete": True, "live": run.live}
        manifest = manifest.model_copy(update=update)
        write_eval(folder, manifest, cases, summary)
        return Evaluation(manifest, cases, summary)
    finally:
        lock.release()


def _policies(wanted: Wanted, calls: Sequence[LabelledCall]) -> dict[str, PolicyFile]:
    """The policy to judge by, under the name of the label's."""
    return {name: find_policy(wanted.policy or name) for name in dict.fromkeys(one.gold.policy for one in calls)}


def _begun(wanted: Wanted, folder: Path, *, resume: bool) -> EvalManifest:
    plan = Plan(
        golden=tuple(_golden_file(path) for path in wanted.golden),
        tags=wanted.tags,
        ids=wanted.ids,
        limit=wanted.limit,
        policy=wanted.policy,
        repeats=wanted.repeats,
    )
    found = read_eval(folder)
    if found is not None and not resume:
        raise RunError("the folder holds an eval run; go on with it by --resume, or name another", place=str(folder))
    if found is not None and found.plan.model_copy(update={"repeats": plan.repeats}) != plan:
        raise RunError(
            "the eval cannot be resumed: the golden set, or the choice from it, is another", place=str(folder)
        )
    if found is None and any(entry.name != FolderLock.NAME for entry in folder.iterdir()):
        raise RunError("the folder is not empty and holds no eval run; name another", place=str(folder))
    started = found.started if found else now()
    manifest = EvalManifest(plan=plan, machine=Machine.here(), started=started)
    write_eval(folder, manifest)
    return manifest


def _golden_file(path: Path) -> GoldenFile:
    data = path.read_bytes()
    return GoldenFile(path=str(path), sha256=hashlib.sha256(data).hexdigest(), calls=data.count(b"\n"))


def _recordings(path: Path, recipe: Recipe) -> Packed | None:
    """The recorded answers, if they are of the model that is wanted."""
    if recipe.engine != "llama":
        raise InputError("--recorded is for the engine llama: of a server's model nothing is known before it is asked")
    packed = unpack(path)
    name = recipe.model or catalogue.default_id()
    known = {one.id: one.sha256 for one in catalogue.entries()}
    wanted = known[name] if name in known else locate(name).sha256
    return packed if packed.info.model_sha256 == wanted else None


class _Run:
    def __init__(
        self,
        wanted: Wanted,
        folder: Path,
        calls: Sequence[LabelledCall],
        policies: Mapping[str, PolicyFile],
        on_progress: Callable[[Progress], None],
        warn: Callable[[str], None] | None,
    ) -> None:
        self._wanted = wanted
        self._folder = folder
        self._calls = calls
        self._policies = policies
        self._on_progress = on_progress
        self._warn = warn
        self._before = self._progress = Progress()
        self.system: System | None = None
        self.live: Live | None = None

    def read(self, repeat: int) -> None:
        """Read and judge all calls once."""
        with ExitStack() as stack:
            inner = stack.enter_context(self._engine(repeat))
            engine = RecordingEngine(inner, answers_folder(self._folder, repeat))
            stack.callback(engine.close_recording)
            for name, policy in self._policies.items():
                calls = [one.call for one in self._calls if one.gold.policy == name]
                random.Random(repeat).shuffle(calls) if repeat > 1 else None  # noqa: S311
                scorer = replace(self._wanted.recipe, policy=policy).scorer(engine)
                self._same_system(scorer.origin)
                path = run_folder(self._folder, repeat, name)
                resumed = (path / "run.json").is_file()
                with RunFolder.open(path, resume=resumed) as run:
                    score(calls, local_runner(scorer), scorer.origin, run, on_progress=self._shown)
                self._before = self._progress
            if isinstance(inner, RecordedEngine):
                self._check_live(inner)

    def _shown(self, progress: Progress) -> None:
        """Show what was read in all."""
        before = self._before
        self._progress = Progress(
            before.seen + progress.seen, before.earlier + progress.earlier, before.failed + progress.failed
        )
        self._on_progress(self._progress)

    def _same_system(self, origin: Origin) -> None:
        found = System.of(origin)
        if self.system is not None and found != self.system:
            raise RunError("the system changed between two repeats", place=str(self._folder))
        self.system = found

    @contextmanager
    def _engine(self, repeat: int) -> Iterator[Engine]:
        wanted = self._wanted
        if wanted.answers_of is not None:
            replay = ReplayEngine(answers_folder(wanted.answers_of, repeat))
            try:
                yield replay
            finally:
                replay.close()
        elif wanted.recorded is not None and (packed := _recordings(wanted.recorded, wanted.recipe)) is not None:
            with ExitStack() as stack:
                yield RecordedEngine(packed, lambda: stack.enter_context(wanted.recipe.engine_opened(self._warn)))
        else:
            with wanted.recipe.engine_opened(self._warn) as engine:
                yield engine

    def _check_live(self, engine: RecordedEngine) -> None:
        """Ask the model about some calls by chance, and compare with what was recorded."""
        seed = self._wanted.seed if self._wanted.seed is not None else random.SystemRandom().randrange(1 << 32)
        count = min(self._wanted.live, len(self._calls))
        sample = random.Random(seed).sample(list(self._calls), count)  # noqa: S311
        engine.checking = True
        for one in sample:
            policy = self._policies[one.gold.policy]
            replace(self._wanted.recipe, policy=policy).reader(engine).read(one.call)
        self.live = Live(
            recorded=engine.recorded,
            asked=engine.asked,
            sample=tuple(one.call.id for one in sample),
            checked=engine.checked,
            largest_difference=round(engine.largest_difference, 6),
        )

    def cases(self) -> list[Case]:
        """All cases of all repeats, in the order of the golden set."""
        found = []
        gold = {one.call.id: gold_of(one, self._policies[one.gold.policy].policy) for one in self._calls}
        for repeat in range(1, self._wanted.repeats + 1):
            verdicts: dict[str, Verdict] = {}
            failed: dict[str, str] = {}
            for name in self._policies:
                path = run_folder(self._folder, repeat, name)
                read = (Verdict.model_validate_json(line.data) for line in lines(path / VERDICTS_FILE))
                verdicts |= {verdict.call_id: verdict for verdict in read}
                failed |= {str(one.call_id): f"{one.message} [{one.kind}]" for one in failures(path)}
            found += [
                case_of(
                    one,
                    gold[one.call.id],
                    verdicts.get(one.call.id),
                    repeat=repeat,
                    failure=failed.get(one.call.id),
                )
                for one in self._calls
            ]
        if self._wanted.answers_of is not None or self._wanted.recorded is not None:
            # Recorded answers take no time that says anything.
            return [case.model_copy(update={"seconds": None, "tokens": None}) for case in found]
        return found
