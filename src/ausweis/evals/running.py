"""`ausweis eval run`: the golden set, read and judged by one system, as often as wanted.

A repeat is real: the model is loaded anew and asked every question, in another order of calls.
"""

import hashlib
import platform
import random
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from ausweis.batch import Progress, local_runner, score
from ausweis.batch.config import ScorerConfig
from ausweis.batch.scoring import Runner, Scored, Scorer
from ausweis.calls.call import Call
from ausweis.engines.protocol import Engine
from ausweis.engines.recorded import Folders, Packed, RecordedEngine, RecordingEngine, unpack
from ausweis.engines.weights import catalogue, locate
from ausweis.errors import EngineError, InputError, RunError
from ausweis.evals.case import Case, case_of, words_of
from ausweis.evals.folder import (
    EVAL_FILE,
    STORE_FILE,
    EvalManifest,
    GoldenFile,
    Live,
    Machine,
    Plan,
    System,
    Warn,
    answers_folder,
    read_eval,
    sha256_of,
    write_eval,
)
from ausweis.evals.metrics import Summary, summarise
from ausweis.journal import FolderLock, make_folder
from ausweis.labelled import LabelledCall, read_all, read_labelled
from ausweis.machine import usable_cpus
from ausweis.policies import PolicyFile, find_policy
from ausweis.provenance import ModelProvenance, now
from ausweis.store import Store


@dataclass(frozen=True)
class EvalJob:
    """What to measure. `recipe` names engine, model, strategy and prompts; its policy is put in for each call.

    `only`, `sample`, `seed`: as in `Plan`. `recorded`: a file of recorded answers; the model is asked only what is not
    in it, and once more all of `live` calls by chance.
    """

    golden: tuple[Path, ...]
    recipe: ScorerConfig
    only: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 1
    policy: str | None = None
    repeats: int = 1
    recorded: Path | None = None
    live: int = 0

    def chosen(self) -> list[LabelledCall]:
        """The labelled calls that `only` names, or a sample of them.

        Raises:
            InputError: the golden set cannot be read, a word is of no call, or there are no such calls.
        """
        calls = read_all(self.golden)
        words = {labelled.call.id: words_of(labelled) for labelled in calls}
        kinds = {word: kind for one in words.values() for word, kind in one.items()}
        wanted: dict[str, set[str]] = defaultdict(set)
        for word in self.only:
            if word not in kinds:
                near = get_close_matches(word, kinds, 1, 0.5)
                hint = f"; the nearest word is {near[0]}" if near else ""
                raise InputError(
                    f"no labelled call has the id, outcome, violation, incident, language or tag {word}{hint}"
                )
            wanted[kinds[word]].add(word)
        chosen = [
            one for one in calls if all(alternatives & words[one.call.id].keys() for alternatives in wanted.values())
        ]
        if not chosen:
            raise InputError("no labelled call is of all these kinds; take a word away")
        if self.sample is None:
            return chosen
        # Each call has its lot: a larger sample holds the smaller one, whatever else is in the files.
        lots = {one.call.id: hashlib.sha256(f"{self.seed} {one.call.id}".encode()).digest() for one in chosen}
        drawn = sorted(lots, key=lots.__getitem__)[: self.sample]
        return [one for one in chosen if one.call.id in drawn]

    def policies(self, calls: Sequence[LabelledCall]) -> dict[str, PolicyFile]:
        """The policy to judge each call by, by the call's id: where a label tells of incidents, it asks for these.

        Raises:
            InputError, PolicyError: there is none of this name, or its file says something impossible.
        """
        files = self.policy_files(calls)
        policies = {}
        for labelled in calls:
            policies[labelled.call.id] = file = files[labelled.policy]
            if (label := labelled.gold.incidents) is not None:
                incidents = tuple(label.asked())
                words = "".join(incident.model_dump_json() for incident in incidents)
                digest = hashlib.sha256(f"{file.sha256}{words}".encode()).hexdigest()
                policy = file.policy.model_copy(update={"incidents": incidents})
                policies[labelled.call.id] = replace(file, policy=policy, sha256=digest)
        return policies

    def policy_files(self, calls: Sequence[LabelledCall]) -> dict[str, PolicyFile]:
        """The policy to judge by, for each that labels name.

        Raises:
            InputError, PolicyError: as `policies`.
        """
        return {name: find_policy(self.policy or name) for name in dict.fromkeys(call.policy for call in calls)}

    def plan(self) -> Plan:
        """The same as `eval.json` keeps it."""
        return Plan(
            golden=tuple(
                GoldenFile(path=str(path), sha256=sha256_of(path), calls=sum(1 for _ in read_labelled(path)))
                for path in self.golden
            ),
            only=self.only,
            sample=self.sample,
            seed=self.seed,
            policy=self.policy,
            repeats=self.repeats,
            recorded=None if self.recorded is None else sha256_of(self.recorded),
        )

    def recordings(self) -> Packed | None:
        """The recorded answers, if they are of the model and engine that would be asked.

        Raises:
            InputError: the file cannot be used, or nothing is known of the model before it is asked.
        """
        if self.recorded is None:
            return None
        if self.recipe.engine != "llama":
            message = "--recorded is for the engine llama: of a server's model nothing is known before it is asked"
            raise InputError(message)
        packed = unpack(self.recorded)
        return packed if (packed.info.sha256, packed.info.engine) == self._llama() else None

    def _llama(self) -> tuple[str, str]:
        """The hash of the model, and the engine with its version: without loading them."""
        from ausweis.engines.llama import engine_name

        name = self.recipe.model or catalogue.default_id()
        known = {entry.id: entry.sha256 for entry in catalogue.entries()}
        return known[name] if name in known else locate(name).sha256, engine_name()

    @contextmanager
    def engine(self, warn: Warn, beside: Path | None = None) -> Iterator[Engine]:
        """What answers the questions; what the same model answered in eval runs that lie `beside` is not asked again.

        Raises:
            AusweisError: there are no such answers, or the model cannot be loaded.
        """
        with ExitStack() as stack:

            def live() -> Engine:
                return stack.enter_context(self.recipe.engine_opened(warn))

            if (packed := self.recordings()) is not None:
                yield RecordedEngine(packed, live)
            elif beside is None or self.recorded is not None:
                yield live()
            elif self.recipe.engine == "llama":
                from ausweis.engines.llama import usual_context

                model, engine = self._llama()
                wanted = model, engine, self.recipe.context or usual_context(model)
                kept = _answers_in(beside, lambda info: (info.sha256, info.engine, info.context_tokens) == wanted)
                yield RecordedEngine(kept, live, info=kept.info) if kept else live()
            else:
                opened = live()
                asks = not isinstance(opened, RecordedEngine)
                kept = _answers_in(beside, lambda info: info == opened.info) if asks else None
                yield RecordedEngine(kept, live=opened) if kept else opened


def _answers_in(folder: Path, fits: Callable[[ModelProvenance], bool]) -> Folders | None:
    """The raw answers of the eval runs in a folder, or one further down, of the model and engine that `fits`."""
    runs = sorted(file.parent for depth in ("*", "*/*") for file in folder.glob(f"{depth}/{EVAL_FILE}"))
    return Folders.fitting((path for run in runs for path in sorted(answers_folder(run, 1).parent.glob("*"))), fits)


@dataclass(frozen=True)
class Evaluation:
    """What came out. `live`: what was used again and what asked this time; None where nothing was used again."""

    manifest: EvalManifest
    cases: list[Case]
    summary: Summary
    live: Live | None


def evaluate(
    wanted: EvalJob,
    folder: Path,
    *,
    beside: Path | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    warn: Warn = lambda text: None,
    say: Warn = lambda text: None,
) -> Evaluation:
    """Read, judge and measure. `on_progress` counts readings: each call once for each repeat.

    What was answered in eval runs that lie `beside` (by default in the folder around this one) is not asked again,
    unless it is asked several times. `warn` is told what a user should know before, `say` which strategy was taken
    where none was named.

    A stopped run keeps every whole call, and the same again goes on: with at least as many repeats as it had, failed
    calls tried again. All that can be refused is refused before anything of a finished run is touched.

    Raises:
        AusweisError: wrong use, a golden set that cannot be used, or a model that cannot be asked.
    """
    calls = wanted.chosen()
    policies = wanted.policies(calls)
    wanted.recipe.library()
    wanted.recordings()
    make_folder(folder)
    lock = FolderLock(folder)
    try:
        manifest = _manifest(wanted, folder)
        repeats = range(1, manifest.plan.repeats + 1)
        with Store.open(folder / STORE_FILE) as store:
            around = (beside or folder.absolute().parent) if len(repeats) == 1 else None
            run = _Run(wanted, folder, store, calls, policies, manifest, around, on_progress, warn, say)
            for repeat in repeats:
                run.read(repeat)
            cases = [case for repeat in repeats for case in run.cases(repeat)]
        summary = summarise(cases)
        anew = not run.manifest.complete or run.progress.seen > run.progress.earlier
        done = run.manifest.model_copy(update={"finished": now(), "complete": True} if anew else {})
        write_eval(folder, done, cases, summary)
        return Evaluation(done, cases, summary, run.live)
    finally:
        lock.release()


def _manifest(wanted: EvalJob, folder: Path) -> EvalManifest:
    """That of the run to go on with, with all repeats that are wanted; or of a new one."""
    plan, manifest = wanted.plan(), read_eval(folder)
    if manifest is None:
        # One that was ended before its model was asked has a store, and no manifest yet.
        known = (FolderLock.NAME, f".{EVAL_FILE}.part", STORE_FILE)
        if not all(entry.name.startswith(known) for entry in folder.iterdir()):
            raise RunError("the folder is not empty and holds no eval run; name another", place=str(folder))
        machine = Machine(platform=platform.platform(), python=platform.python_version(), cpus=usable_cpus())
        return EvalManifest(plan=plan, machine=machine, started=now())
    repeats = max(manifest.plan.repeats, plan.repeats)
    if manifest.plan.model_copy(update={"repeats": repeats}) != plan.model_copy(update={"repeats": repeats}):
        message = "the folder holds an eval run of another golden set, choice from it, or answers; name another"
        raise RunError(message, place=str(folder))
    return manifest.model_copy(update={"plan": plan.model_copy(update={"repeats": repeats})})


@dataclass
class _Run:
    _wanted: EvalJob
    _folder: Path
    _store: Store
    _calls: Sequence[LabelledCall]
    _policy_of: Mapping[str, PolicyFile]
    manifest: EvalManifest
    _beside: Path | None
    _on_progress: Callable[[Progress], None]
    _warn: Warn
    _say: Warn
    progress: Progress = field(default_factory=Progress)
    """What was read by other policies and in other repeats."""
    live: Live | None = None

    def __post_init__(self) -> None:
        self._by_policy: dict[str, list[LabelledCall]] = {}
        for labelled in self._calls:
            self._by_policy.setdefault(self._policy_of[labelled.call.id].sha256, []).append(labelled)

    def read(self, repeat: int) -> None:
        """Read and judge all calls once."""
        with ExitStack() as stack:
            inner = stack.enter_context(self._wanted.engine(self._warn, self._beside))
            policies = [self._policy_of[calls[0].call.id] for calls in self._by_policy.values()]
            self._same_system([self._scorer(inner, policy) for policy in policies])
            engine = RecordingEngine(inner, answers_folder(self._folder, repeat))
            stack.callback(engine.close_recording)
            for policy in policies:
                runner = local_runner(scorer := self._scorer(engine, policy))
                if isinstance(inner, RecordedEngine):
                    runner = partial(_timed, runner, inner)
                calls = [labelled.call for labelled in self._by_policy[policy.sha256]]
                if repeat > 1:
                    random.Random(repeat).shuffle(calls)  # noqa: S311
                run = self._store.begin(scorer.origin, series=str(repeat), policy=policy.policy)
                done = score(calls, runner, run, on_progress=lambda now: self._on_progress(self._in_all(now)))
                self.progress = self._in_all(done.progress)
            if isinstance(inner, RecordedEngine):
                self._check_live(inner)

    def _scorer(self, engine: Engine, policy: PolicyFile) -> Scorer:
        """Where no label of a policy tells an outcome, authentication is not read."""
        asked = any(labelled.gold.outcome is not None for labelled in self._by_policy[policy.sha256])
        return replace(self._wanted.recipe, policy=policy, authentication=asked).scorer(engine)

    def _in_all(self, now: Progress) -> Progress:
        before = self.progress
        return Progress(before.seen + now.seen, before.earlier + now.earlier, before.failed + now.failed)

    def _same_system(self, scorers: Sequence[Scorer]) -> None:
        """Refuse another system than the run was begun with; write the manifest of a new run."""
        files, origin = self._wanted.policy_files(self._calls).values(), scorers[0].origin
        prompts = [prompt for scorer in scorers for prompt in scorer.origin.prompts]
        self._wanted.recipe.library().refuse_unused(origin.strategy, prompts, origin.model)
        system = System(
            ausweis=origin.ausweis,
            strategy=origin.strategy,
            prompts=tuple(dict.fromkeys(map(str, prompts))),
            model=str(origin.model),
            engine=origin.model.engine,
            policies=tuple(sorted({str(file.provenance) for file in files})),
        )
        if self.manifest.system is None:
            if told := self._wanted.recipe.told_of_strategy(origin):
                self._say(told)
            self.manifest = self.manifest.model_copy(update={"system": system})
            write_eval(self._folder, self.manifest)
        elif self.manifest.system != system:
            message = "the eval run was made with other prompts, another model or engine, or policy"
            raise RunError(f"{message}; name another folder", place=str(self._folder))

    def _check_live(self, engine: RecordedEngine) -> None:
        """Ask the model about some calls by chance, and compare with what was recorded."""
        judged = {one.facts.call_id for _, one in self._store.judged_in("1")}
        calls = [labelled.call for labelled in self._calls if labelled.call.id in judged]
        sample = random.SystemRandom().sample(calls, min(self._wanted.live, len(calls)))
        if not (engine.recorded or engine.asked or sample):
            return  # All had been read before.
        engine.checking = True
        for call in sample:
            try:
                self._scorer(engine, self._policy_of[call.id]).read(call)
            except EngineError:
                # It was answered when it was recorded.
                engine.largest_difference = 1.0
        self.live = Live(
            recorded=engine.recorded,
            asked=engine.asked,
            sample=tuple(call.id for call in sample),
            checked=engine.checked,
            largest_difference=round(engine.largest_difference, 6),
        )
        self.manifest = self.manifest.model_copy(update={"live": self.live})

    def cases(self, repeat: int) -> list[Case]:
        """The cases of a repeat, in the order of the golden set."""
        judged = {one.facts.call_id: one for _, one in self._store.judged_in(str(repeat))}
        failed = self._store.failed_in(str(repeat))
        cases = []
        for labelled in self._calls:
            one, why = judged.get(labelled.call.id), failed.get(labelled.call.id)
            case = case_of(
                labelled,
                self._policy_of[labelled.call.id].policy,
                one and one.verdict,
                one and one.facts,
                anew=self._wanted.policy is not None,
                repeat=repeat,
                failure=f"{why.message} [{why.kind}]" if why else None,
            )
            cases.append(case)
        return cases


def _timed(runner: Runner, engine: RecordedEngine, calls: Iterable[Call]) -> Generator[Scored, None, None]:
    """The rows of a runner that reads one call at a time; recorded answers take no time that says anything."""
    before = engine.recorded
    for row in runner(calls):
        if row.verdict is not None and row.verdict.provenance is not None and engine.recorded > before:
            untimed = row.verdict.provenance.model_copy(update={"seconds": None, "tokens": None})
            row = row._replace(verdict=row.verdict.model_copy(update={"provenance": untimed}))
        before = engine.recorded
        yield row
