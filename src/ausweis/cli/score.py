"""`ausweis score`: calls in, verdicts in the store."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli import UNFORESEEN
from ausweis.cli.options import recording_options, system_options
from ausweis.cli.store_options import address_shown, store_option
from ausweis.cli.warning import warn
from ausweis.vocabulary import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ausweis.batch import Counts, ScoreSummary
    from ausweis.cli.scoring import Options

__all__ = ["exit_code", "score"]

SHOWN = 5
"""Calls that are named in a sentence."""
FAIL_ON = ("violation", "needs_review", "inconclusive", "failure")
_EPILOG = """\b
Examples:
  ausweis score calls/ --policy telecom-de
  ausweis score calls.jsonl recordings/*.wav --policy ours.yaml --out verdicts.jsonl
  ausweis score calls/ --policy telecom-de --out - | jq .outcome

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
@store_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE|-",
    help="Write the verdicts of these calls as JSON lines besides, each as soon as it is there.",
)
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
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Score only the first N calls.")
@click.option(
    "--fail-on", multiple=True, type=click.Choice(FAIL_ON), help="Exit with 1 where there is such a call. Repeatable."
)
@click.option("--quiet", is_flag=True, help="Show no progress and no table.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON on standard output.")
@click.pass_context
def score(context: click.Context, /, **options: Any) -> None:
    """Read calls with the model, judge them by a policy, and put all of it into the store.

    PATHS are files, folders, globs, or - for standard input: transcripts, or recordings, which are transcribed first.
    The same command again goes on: what has a verdict is not read anew, what failed is tried again.
    """
    from ausweis.cli.scoring import Options, run_all

    wanted = Options.of(options)
    try:
        summary = run_all(wanted)
    except KeyboardInterrupt:
        warn("stopped: the same command goes on")
        context.exit(130)
    if summary.unknown_speakers:
        warn(_unknown(summary.unknown_speakers))
    _show(summary, wanted)
    context.exit(exit_code(summary.tally.counts, wanted.fail_on))


def exit_code(counts: "Counts", fail_on: tuple[str, ...] = ()) -> int:
    """1 where `fail_on` is met by any call, else 4 or 3 where a call failed, else 0."""
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


def _show(summary: "ScoreSummary", options: "Options") -> None:
    tally = summary.tally
    if options.as_json:
        import json
        from dataclasses import asdict

        body = {
            "store": address_shown(options.address),
            "complete": summary.complete,
            **tally.counts.ordered().model_dump(),
            "failed": [failure.model_dump(by_alias=True, exclude={"schema_"}) for failure in tally.failures],
            "files": summary.files,
            "passed_over": [asdict(group) for group in summary.passed_over],
            "seconds": round(summary.seconds, 3),
        }
        click.echo(json.dumps(body, ensure_ascii=False))
    elif not options.quiet:
        from ausweis.calls.folders import sentence
        from ausweis.cli.run_table import show_tally

        # What is piped must be nothing but verdicts.
        err = options.is_piped
        show_tally(tally, err=err)
        click.echo("; ".join(filter(None, (f"files read: {summary.files}", sentence(summary.passed_over)))), err=err)
        click.echo(f"store: {address_shown(options.address)}", err=err)
