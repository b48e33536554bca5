"""`ausweis score`: calls in, a run folder out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli import UNFORESEEN
from ausweis.cli.options import recording_options, system_options
from ausweis.cli.warning import warn
from ausweis.vocabulary import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ausweis.batch import Counts, Summary

__all__ = ["exit_code", "score"]

SHOWN = 5
"""Calls that are named in a sentence."""
FAIL_ON = ("violation", "needs_review", "inconclusive", "failure")
_EPILOG = """\b
Examples:
  ausweis score calls/ --policy telecom-de
  ausweis score calls.jsonl recordings/*.wav --policy ours.yaml --run runs/monday --store
  ausweis score calls/ --policy telecom-de --run runs/monday --resume

\b
Exit codes: 0 done, 1 --fail-on tripped (even if calls failed too), 2 wrong use,
3 some calls failed (all others are written), 4 something unforeseen (in a call, which
failed then, or outside of the calls), 130 stopped by Ctrl-C or SIGTERM.
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--policy", required=True, metavar="NAME|FILE", help="A name that `ausweis policies list` shows, or a file."
)
@click.option(
    "--run",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder to write into. Default: runs/<UTC time>-<policy>.",
)
@click.option("--resume", is_flag=True, help="Go on with the run in --run. Calls that failed stay failed.")
@click.option("--retry-failed", is_flag=True, help="With --resume: try failed calls again. They stand at the end then.")
@system_options
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="Language of calls that do not say theirs. Default: de; of recordings, what is heard.",
)
@click.option(
    "--speaker",
    "labels",
    multiple=True,
    metavar="LABEL=agent|caller",
    help="Say who a label of the transcripts is. Repeatable.",
)
@click.option("--format", "file_format", metavar="NAME", help="Read all files in this format, whatever they look like.")
@recording_options
@click.option(
    "--runner",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Run in this process, or in several processes or machines with Ray.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="With a server: requests at once (default 8). With ray: processes, each with the model (default 1).",
)
@click.option("--record", type=click.Path(path_type=Path), metavar="DIR", help="Record the model's answers for replay.")
@click.option(
    "--store",
    is_flag=False,
    flag_value="",
    metavar="FILE|postgresql://…",
    help="Fill the store of the daily review too. Without a value: AUSWEIS_STORE, or ausweis.sqlite.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Score only the first N calls.")
@click.option(
    "--fail-on", multiple=True, type=click.Choice(FAIL_ON), help="Exit with 1 where there is such a call. Repeatable."
)
@click.option("--quiet", is_flag=True, help="Show no progress and no table.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON on standard output.")
@click.pass_context
def score(context: click.Context, /, **options: Any) -> None:
    """Read calls with the model, judge them by a policy, write a run folder.

    PATHS are files, folders, globs, or - for standard input: transcripts, or recordings, which are transcribed first.
    """
    from ausweis.batch.manifest import MANIFEST_FILE
    from ausweis.cli.new_folder import going_on
    from ausweis.cli.scoring import Options, run_all
    from ausweis.errors import DiskFullError

    wanted = Options.of(options)
    try:
        summary = run_all(wanted)
    except KeyboardInterrupt:
        then = going_on(wanted.folder, MANIFEST_FILE)
        warn(f"stopped: {then}" if then else "stopped")
        context.exit(130)
    except DiskFullError as error:
        if then := going_on(wanted.folder, MANIFEST_FILE):
            raise DiskFullError(error.place, f"what was written is kept; make room, and {then}") from None
        raise
    if summary.unknown_speakers:
        warn(_unknown(summary.unknown_speakers))
    try:
        _show(summary, quiet=wanted.quiet, as_json=wanted.as_json)
    finally:
        if wanted.unstored is not None:
            raise wanted.unstored
    context.exit(exit_code(summary.counts, wanted.fail_on))


def exit_code(counts: "Counts", fail_on: tuple[str, ...] = ()) -> int:
    """1 where `fail_on` is met by any call of the run, else 4 or 3 where a call failed, else 0."""
    numbers = {
        "violation": counts.outcomes.get("violation", 0),
        "inconclusive": counts.outcomes.get("inconclusive", 0),
        "needs_review": counts.needs_review,
        "failure": counts.failed,
    }
    if any(numbers[name] for name in fail_on):
        return 1
    if "internal" in counts.failures:
        return UNFORESEEN
    return 3 if counts.failed else 0


def _unknown(turns: "Mapping[str, int]") -> str:
    more = f" and {len(turns) - SHOWN} more" if len(turns) > SHOWN else ""
    return (
        f"turns of unknown speakers: {sum(turns.values())}, in call {', '.join(list(turns)[:SHOWN])}{more}; they were "
        "read as if the agent spoke: review the call, or say who it is with --speaker LABEL=agent or LABEL=caller"
    )


def _show(summary: "Summary", *, quiet: bool, as_json: bool) -> None:
    if as_json:
        import json
        from dataclasses import asdict

        counts = summary.counts.ordered().model_dump()
        body = {
            "run": str(summary.run),
            "complete": summary.complete,
            **counts,
            "files": summary.files,
            "passed_over": [asdict(group) for group in summary.passed_over],
            "seconds": round(summary.seconds, 3),
        }
        click.echo(json.dumps(body, ensure_ascii=False))
    elif not quiet:
        from ausweis.calls.folders import sentence
        from ausweis.cli.run_table import show_run

        show_run(summary.run, summary.counts)
        click.echo("; ".join(filter(None, (f"files read: {summary.files}", sentence(summary.passed_over)))))
        click.echo(f"run folder: {summary.run}")
