"""`ausweis transcribe`: recordings in, transcripts out."""

from pathlib import Path
from typing import Any

import click

from ausweis.cli.options import recording_options
from ausweis.cli.warning import warn
from ausweis.vocabulary import LANGUAGES

__all__ = ["transcribe"]

_EPILOG = """\b
Example:
  ausweis transcribe recordings/ --out transcripts --language de

\b
Exit codes: 0 done, 2 wrong use, 3 some recordings failed (all others are written),
4 something unforeseen (with a recording, which failed then, or outside of them),
130 stopped by Ctrl-C or SIGTERM.
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for transcripts.jsonl. What is there already is not heard again.",
)
@click.option("--policy", metavar="NAME|FILE", help="A policy, whose factors are words to listen for.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of all of them. Unless given, it is heard.")
@recording_options
@click.option(
    "--model", metavar="ID|PATH", help="The model that is asked who is the agent, where channels do not say it."
)
@click.option("--threads", type=click.IntRange(1, 512), metavar="N", help="Threads of the model in this process.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@click.pass_context
def transcribe(context: click.Context, /, **options: Any) -> None:
    """Make transcripts of recordings, in the form that `ausweis score` reads.

    PATHS are files, folders or globs: WAV (PCM, A-law, µ-law), MP3, FLAC, OGG, Opus, M4A; stereo with one side a
    channel, two files named CALL.agent and CALL.caller, or mono.
    """
    from ausweis.calls.folders import sentence
    from ausweis.cli.score import exit_code
    from ausweis.cli.transcribing import TranscribeOptions, transcribe_all

    wanted = TranscribeOptions(**options)
    try:
        done, tally, sources = transcribe_all(wanted)
    except KeyboardInterrupt:
        warn("stopped: go on with the same command")
        context.exit(130)
    if not wanted.quiet:
        click.echo(f"{done} transcripts, {tally.counts.failed} failed: {wanted.folder}")
        if passed := sentence(sources.passed_over):
            click.echo(passed)
    context.exit(exit_code(tally.counts))
