"""`ausweis eval`: how far verdicts can be trusted, measured against the golden set."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli import UNFORESEEN
from ausweis.cli.options import PATH, Command, out_option, system_options
from ausweis.cli.output import warn, write_file, write_out
from ausweis.errors import InputError

if TYPE_CHECKING:
    from ausweis.batch.config import ScorerConfig
    from ausweis.evals.comparing import Comparison
    from ausweis.evals.gate import Gate
    from ausweis.evals.running import EvalJob, Evaluation

DEV = Path("evals/golden/dev.jsonl")
baseline_option = click.option(
    "--baseline",
    type=PATH,
    default=Path("evals/baselines/heads.jsonl"),
    show_default=True,
    help="The file of the baseline; its recorded answers stand beside it.",
)


@click.group()
def eval() -> None:  # noqa: A001
    """Measure verdicts against the golden set, for any prompt version, model or policy.

    Needs scikit-learn and scipy: pip install 'ausweis[evals]'.
    """
    from importlib.util import find_spec

    if find_spec("sklearn") is None or find_spec("scipy") is None:
        raise InputError("ausweis eval needs scikit-learn and scipy: pip install 'ausweis[evals]'")


def _several(*names: str) -> Callable[[Command], Command]:
    """These options of the command below may be given several times."""

    def allowed(command: Command) -> Command:
        for option in getattr(command, "__click_params__", ()):
            option.multiple |= option.name in names
        return command

    return allowed


@eval.command(epilog="\b\nExample:\n  ausweis eval run evals/golden/dev.jsonl --out runs/new")
@click.argument("golden", nargs=-1, type=PATH)
@click.option(
    "--out",
    "folder",
    type=PATH,
    metavar="DIR",
    help="Folder to write into; one that was broken off goes on. Default: runs/eval-<UTC time>.",
)
@_several("model", "strategy")
@system_options
@click.option("--policy", metavar="NAME|FILE", help="Judge all calls and labels by this policy.")
@click.option("--repeat", "repeats", type=click.IntRange(1, 1000), default=1, show_default=True, help="Ask N times.")
@click.option(
    "--only",
    multiple=True,
    metavar="WORD",
    help="Measure only calls of this id, outcome, violation, incident, language or tag, as surface:asr. Repeatable: "
    "words of one kind are alternatives.",
)
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Measure only N of these calls, drawn by lot.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="With --sample: which N.")
@click.option(
    "--workers", type=click.IntRange(1, 1024), metavar="N", help="With a server: requests at once (default 8)."
)
@click.option(
    "--recorded",
    type=PATH,
    metavar="FILE",
    help="Ask the model only what is not recorded in this file of `eval bless`.",
)
@click.option(
    "--live",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="With --recorded: ask the model about N calls by chance all the same, and compare.",
)
@click.option("--quiet", is_flag=True, help="Show no progress and no table.")
@click.pass_context
def run(context: click.Context, /, **options: Any) -> None:
    """Read and judge the calls of GOLDEN (files; evals/golden/dev.jsonl by default), and measure.

    What the same model answered in eval runs beside DIR is not asked again. Several models, strategies, or versions of
    one template are read one after the other, each into a folder of its own in DIR, and compared.

    The numbers stand in metrics.json. Exit codes: 0 done, 2 wrong use, 3 some calls have no verdict, 4 something
    unforeseen, 130 stopped.
    """
    from ausweis.cli.progress import progress_shown
    from ausweis.cli.tables import answers_sentence, show_evaluation, show_runs
    from ausweis.evals.comparing import side_by_side
    from ausweis.evals.running import evaluate

    folder, quiet = options["folder"] or _new_folder(), options["quiet"]
    wanted = {name: _job({**options, **system}) for name, system in _systems(options).items()}
    done: dict[str, Evaluation] = {}
    matching = len(next(iter(wanted.values())).chosen())
    if options["sample"] and matching < options["sample"]:
        warn(f"--sample {options['sample']}: there are {matching} such calls, and all of them are measured")
    try:
        for name, job in wanted.items():
            total = matching * job.repeats
            say = (lambda text: None) if quiet else warn
            if name:
                say(name)
            with progress_shown(total, quiet=quiet) as show:
                beside = folder.absolute().parent
                done[name] = evaluate(job, folder / name, beside=beside, on_progress=show, warn=warn, say=say)
    except KeyboardInterrupt:
        warn(f"stopped: the same command goes on, with --out {folder}")
        context.exit(130)
    if not quiet:
        if len(done) == 1:
            show_evaluation(*done.values())
        else:
            show_runs(side_by_side({name: one.cases for name, one in done.items()}))
        if counted := answers_sentence(one.live for one in done.values()):
            click.echo(counted)
        click.echo(f"eval run: {', '.join(str(folder / name) for name in done)}")
    failed = [case.failure or "" for one in done.values() for case in one.cases if case.told is None]
    unforeseen = any(failure.endswith("[internal]") for failure in failed)
    context.exit(UNFORESEEN if unforeseen else 3 if failed else 0)


def _systems(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The systems to measure, as options: each model with each strategy and each version of a template.

    Named by what they differ in; a single one by nothing.
    """
    from ausweis.prompts import default_library

    library = default_library()
    versions: dict[str, dict[str, str]] = {}
    for pin in options["pins"]:
        template = library.get(pin)
        if versions.setdefault(template.id, {}).setdefault(template.name, pin) != pin:
            raise InputError(f"two files are {template.name}; give one of them another version", place=pin)
    models = {one.rstrip("/").rpartition("/")[2].removesuffix(".gguf"): one for one in options["model"]}
    if len(models) < len(set(options["model"])):
        raise InputError("two models have one name; measure them one after the other")
    parts = [models or {"": None}, {one: one for one in options["strategy"]} or {"": None}, *versions.values()]
    systems = {}
    for names in product(*parts):
        name = "+".join(name for name, part in zip(names, parts, strict=True) if len(part) > 1)
        model, strategy, *pins = (part[name] for name, part in zip(names, parts, strict=True))
        system = {"model": model, "strategy": strategy, "pins": tuple(pins)}
        systems[re.sub(r"^\.+|[^\w.@+-]", "_", name)] = system
    return systems


def _new_folder() -> Path:
    """`runs/eval-<UTC time>`; with a number behind it where another one of the same second has that."""
    name = f"eval-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    numbered = (Path("runs") / (name if number == 1 else f"{name}-{number}") for number in count(1))
    return next(path for path in numbered if not path.exists())


def _job(options: dict[str, Any]) -> "EvalJob":
    from ausweis.evals.running import EvalJob

    golden = options["golden"] or (DEV,)
    if not options["golden"] and not DEV.is_file():
        raise InputError(f"name the files of a golden set; there is no {DEV} here")
    if options["live"] and options["recorded"] is None:
        raise InputError("--live is for --recorded")
    if options["recorded"] is not None and options["repeats"] > 1:
        raise InputError("--recorded does not go with --repeat")
    if options["recorded"] is not None and options["context"] is not None:
        raise InputError("--context is not for --recorded: nobody knows what was recorded with another one")
    names = ("only", "sample", "seed", "policy", "repeats", "recorded", "live")
    return EvalJob(golden=golden, recipe=recipe_of(options), **{name: options[name] for name in names})


def recipe_of(options: dict[str, Any]) -> "ScorerConfig":
    """The system to measure; the policy is a placeholder, since each call is judged by its own."""
    from ausweis.batch.config import ScorerConfig
    from ausweis.policies import find_policy

    return ScorerConfig.of(find_policy("telecom-de"), options.copy())


@eval.command(epilog="\b\nExample:\n  ausweis eval compare runs/one runs/two --out compared.md")
@click.argument("runs", nargs=-1, required=True, type=PATH)
@out_option("Write the table and the calls", ".md", ".html", ".json")
def compare(runs: tuple[Path, ...], out: tuple[Path, ...]) -> None:
    """Compare eval RUNS, or files of baselines: each by its numbers, and call by call against the first.

    Better: judged as the label says now, and not in the first. Exit code 0 whatever the result; see `gate`.
    """
    from ausweis.cli.tables import show_runs
    from ausweis.evals.baseline import cases_of
    from ausweis.evals.comparing import side_by_side
    from ausweis.pages.compare_page import compare_markdown, compare_page, legend

    if len(set(runs)) < max(2, len(runs)):
        raise InputError("name another run to compare it with, and each once", place=str(runs[0]))
    names = [run.absolute().name for run in runs]
    if len(set(names)) < len(names):
        names = list(map(str, runs))
    found = side_by_side({name: cases_of(run) for name, run in zip(names, runs, strict=True)})
    made = {
        ".md": lambda: compare_markdown(found),
        ".html": lambda: compare_page(found),
        ".json": found.model_dump_json,
    }
    write_out(out, made)
    show_runs(found)
    if len(found.against_first) == 1:
        _show_pair(*found.against_first.values())
    else:
        click.echo("Two runs alone are shown call by call; --out FILE writes all of it")
    click.echo(legend(found))


def _show_pair(comparison: "Comparison") -> None:
    """Two runs call by call."""
    from ausweis.cli.tables import print_table
    from ausweis.pages.compare_page import NUMBERS, SHOWN, change_groups, fact_lines, notes, number_rows

    print_table("", NUMBERS, number_rows(comparison))
    for note in notes(comparison):
        click.echo(note)
    for title, changes in change_groups(comparison).items():
        click.echo(f"\n{title}: {len(changes)} calls")
        for change in changes[:SHOWN]:
            click.echo(f"  {change.id}: label {change.label}; {change.before} → {change.after}; risk {change.risks}")
            for line in fact_lines(change):
                click.echo(f"      {line}")
        if len(changes) > SHOWN:
            click.echo(f"  and {len(changes) - SHOWN} more; --out FILE.html names them all")


def _floors(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, float]:
    """Names and numbers, from texts such as `recall=0.85`."""
    floors = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            floors[name.strip()] = float(number)
        except ValueError:
            floors[""] = math.nan
    if not all(name and 0 <= least <= 1 for name, least in floors.items()):
        raise click.BadParameter("say a name and a number from 0 to 1, as recall=0.85")
    return floors


@eval.command(epilog="\b\nExample:\n  ausweis eval gate runs/new --out gate.xml --out gate.md")
@click.argument("run", type=PATH)
@baseline_option
@click.option(
    "--at-least",
    multiple=True,
    callback=_floors,
    metavar="NAME=NUMBER",
    help="The least that a number of the report may be, as recall=0.85. Repeatable.",
)
@click.option(
    "--most-worse", type=click.IntRange(min=0), metavar="N", help="The most calls that may be judged worse than before."
)
@out_option("Write JUnit XML, Markdown or JSON", ".xml", ".md", ".json")
@click.pass_context
def gate(
    context: click.Context,
    run: Path,
    baseline: Path,
    at_least: dict[str, float],
    most_worse: int | None,
    out: tuple[Path, ...],
) -> None:
    """Fail where an eval RUN is worse than the blessed baseline.

    That is a broad paired drop that is neither chance nor small, a must-pass call judged wrong, a policy that lets
    labelled violations pass, and calls that are missing or have no verdict. Undecided where something got worse in too
    few calls to tell it from chance: set floors. Exit codes: 0 passed, 1 failed or undecided, 2 wrong use.
    """
    from ausweis.evals.baseline import read_baseline
    from ausweis.evals.folder import finished, read_cases
    from ausweis.evals.gate import gate as hold
    from ausweis.pages.gate_report import gate_markdown, junit

    manifest = finished(run)
    cases = read_cases(run)
    result = hold(read_baseline(baseline), cases, manifest, at_least=at_least, most_worse=most_worse)
    made = {".xml": lambda: junit(result), ".md": lambda: gate_markdown(result), ".json": result.model_dump_json}
    write_out(out, made)
    _show_gate(result)
    context.exit(0 if result.verdict == "passed" else 1)


def _show_gate(gate: "Gate") -> None:
    from ausweis.pages.compare_page import SHOWN

    click.echo(f"differs from the baseline: {'; '.join(gate.differs) or 'nothing'}")
    worse = [check for check in gate.cases if check.state == "worse"]
    for checks in (gate.checks, gate.stopped[:SHOWN], worse[:SHOWN]):
        for check in checks:
            click.echo(f"{check.state:<9} {check.name}: {check.message}")
    if (more := len(gate.stopped[SHOWN:]) + len(worse[SHOWN:])) > 0:
        click.echo(f"and {more} more calls; --out names them, `ausweis eval compare` shows their facts")
    better, lost = len(gate.comparison.better), len(gate.comparison.worse)
    click.echo(f"gate {gate.verdict}: {gate.comparison.calls} calls, {better} better, {lost} worse")
    if gate.verdict == "undecided":
        click.echo("Too few calls to tell a loss from chance: set floors with --at-least recall=0.85 or --most-worse 0")


@eval.command(epilog="\b\nExample:\n  ausweis eval bless runs/new --message 'Tells offers from changes'")
@click.argument("run", type=PATH)
@click.option("--message", required=True, help="Why this is the new baseline.")
@baseline_option
@click.option("--fewer", is_flag=True, help="The baseline may lose calls and must-pass marks.")
def bless(run: Path, message: str, baseline: Path, fewer: bool) -> None:
    """Make an eval RUN the baseline, and put its recorded answers beside it.

    Names the calls that are judged worse than in the baseline before. What had to pass there has to here.
    """
    from ausweis.evals.baseline import bless as bless_run
    from ausweis.evals.baseline import recordings_path

    blessed = bless_run(run, baseline, message, fewer=fewer, warn=warn)
    size = recordings_path(baseline).stat().st_size
    click.echo(f"{baseline}: {len(blessed.cases)} calls; {recordings_path(baseline).name}: {size / 1024:.0f} KiB")


@eval.command(epilog="\b\nExample:\n  ausweis eval report runs/eval-20260302T091400Z")
@click.argument("run", type=PATH)
def report(run: Path) -> None:
    """Make report.html in an eval RUN: numbers, curves, and every call with what was missed or invented in it.

    The page needs no other file and no network. It holds the transcripts of the golden set.
    """
    from ausweis.evals.folder import read_source
    from ausweis.pages.eval_page import eval_page

    path, source = run / "report.html", read_source(run)
    text = eval_page(source)
    write_file(path, text)
    click.echo(f"{path}: {source.summary.calls} calls, {len(text.encode()) / 1024:.0f} KiB")


@eval.command(epilog="\b\nExample:\n  ausweis eval show runs/one dev-007")
@click.argument("run", type=PATH)
@click.argument("call", metavar="ID")
def show(run: Path, call: str) -> None:
    """Print a call of an eval RUN turn by turn: the answers to each question, what is labelled, what was read.

    The answers are those that the run kept; no model is asked. `ausweis prompts show` prints the questions.
    """
    from ausweis.cli.asked import print_looked
    from ausweis.evals.looking import look

    looked = look(run, call)
    if looked.unknown:
        warn(looked.unknown)
    print_looked(looked)


@eval.command(epilog="\b\nExample:\n  ausweis eval calibrate runs/eval-20260302T091400Z")
@click.argument("run", type=PATH)
@click.option("--dry-run", is_flag=True, help="Keep nothing for the reader: only tell, and draw the curves.")
def calibrate(run: Path, dry_run: bool) -> None:
    """Learn from the labelled calls of an eval RUN what its reader's probabilities mean, and keep it for the reader.

    It is kept in the folder of learned parts (AUSWEIS_LEARNED), where the reader looks: of the risk of calls, and with
    --strategy events of each kind of event. Tells Brier score and calibration error before and after, of calls whose
    authors were left out; `ausweis eval report RUN` draws both curves.
    """
    from ausweis.evals.calibrating import calibrate as learn

    learn(run, click.echo, keep=not dry_run)


@eval.command(epilog="\b\nExample:\n  ausweis eval validate evals/golden/*.jsonl")
@click.argument("golden", nargs=-1, required=True, type=PATH)
@click.pass_context
def validate(context: click.Context, golden: tuple[Path, ...]) -> None:
    """Check GOLDEN files: words, turns, quotes, twins, and that gold facts judged by the policy give the gold verdict.

    Prints sizes and mix. Exit codes: 0 clean, 1 something is wrong, 2 a file cannot be read.
    """
    from ausweis.evals.validate import mix
    from ausweis.evals.validate import validate as problems_of
    from ausweis.labelled import read_all, read_labelled

    read_all(golden)
    wrong = 0
    for path in golden:
        calls = list(read_labelled(path))
        for problem in problems_of(calls):
            click.echo(f"{path}: {problem.call_id}: {problem.message}")
            wrong += 1
        click.echo(f"{path}: {len(calls)} calls")
        for kind, counts in mix(calls).items():
            click.echo(f"  {kind}: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    click.echo(f"{wrong} problems" if wrong else "no problems")
    context.exit(1 if wrong else 0)
