"""`ausweis score`: calls in, verdicts in the store."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli import UNFORESEEN
from ausweis.cli.options import PATH, json_option, policy_option, recording_options, store_option, system_options
from ausweis.cli.output import show_json, warn
from ausweis.vocabulary import LANGUAGES

if TYPE_CHECKING:
    from ausweis.batch import Counts, ScoreSummary
    from ausweis.cli.scoring import Options

SHOWN = 5
"""Calls that are named in a sentence."""
_EPILOG = """\b
Examples:
  ausweis score calls/ --policy telecom-de
  ausweis score calls.jsonl recordings/*.wav --policy ours.yaml --out verdicts.jsonl
  ausweis score calls/ --policy telecom-de --out - | jq .outcome

\b
Exit codes: 0 done, 2 wrong use, 3 some calls failed (all others are written), 4 something
unforeseen (in a call, which failed then, or outside of the calls), 130 stopped by Ctrl-C
or SIGTERM.
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, required=True)
@policy_option
@store_option
@click.option(
    "--out",
    type=PATH,
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
@click.option("--keep-audio", is_flag=True, help="Copy the recordings into recordings/ beside the store.")
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="With a server: requests at once (default 8). Else, and wherever RAY_ADDRESS is set: processes of Ray, each "
    "with the model.",
)
@click.option("--record", type=PATH, metavar="DIR", help="Record answers for `--engine recorded:DIR`.")
@click.option("--quiet", is_flag=True, help="Show no progress and no table.")
@json_option
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
    _show_json(summary, wanted) if wanted.as_json else _show(summary, wanted)
    context.exit(exit_code(summary.tally.counts))


def exit_code(counts: "Counts") -> int:
    """4 or 3 where a call failed, else 0."""
    return UNFORESEEN if "internal" in counts.failures else 3 if counts.failed else 0


def _unknown(turns: "Mapping[str, int]") -> str:
    more = f" and {len(turns) - SHOWN} more" if len(turns) > SHOWN else ""
    return (
        f"turns of unknown speakers: {sum(turns.values())}, in call {', '.join(list(turns)[:SHOWN])}{more}; they were "
        "read as if the agent spoke: review the call, or say who it is with --speaker LABEL=agent or LABEL=caller"
    )


def _show_json(summary: "ScoreSummary", options: "Options") -> None:
    from dataclasses import asdict

    body = {
        "store": options.address_shown,
        "complete": summary.complete,
        **summary.tally.counts.ordered().model_dump(),
        "failed": [failure.model_dump(by_alias=True, exclude={"schema_"}) for failure in summary.tally.failures],
        "files": summary.files,
        "passed_over": [asdict(group) for group in summary.passed_over],
        "seconds": round(summary.seconds, 3),
    }
    show_json(body)


def _show(summary: "ScoreSummary", options: "Options") -> None:
    if options.quiet:
        return
    from ausweis.calls.folders import sentence
    from ausweis.cli.tables import show_tally

    # What is piped must be nothing but verdicts.
    err = options.is_piped
    show_tally(summary.tally, err=err)
    click.echo("; ".join(filter(None, (f"files read: {summary.files}", sentence(summary.passed_over)))), err=err)
    click.echo(f"store: {options.address_shown}", err=err)
