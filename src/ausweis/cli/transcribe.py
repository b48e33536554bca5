"""`ausweis transcribe`: recordings in, transcripts out."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from ausweis.cli.options import PATH, recording_options
from ausweis.cli.output import warn
from ausweis.errors import InputError, RunError
from ausweis.vocabulary import LANGUAGES, Language

if TYPE_CHECKING:
    from ausweis.batch import Tally
    from ausweis.calls import Sources
    from ausweis.cli.scoring import Recordings

FAILURES_FILE = "failures.jsonl"
"""In the folder of transcripts: the recordings that could not be heard, and why, one a line."""
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
    type=PATH,
    metavar="DIR",
    help="Folder for transcripts.jsonl. What is there already is not heard again.",
)
@click.option("--policy", metavar="NAME|FILE", help="A policy, whose factors are words to listen for.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of all of them. Unless given, it is heard.")
@recording_options
@click.pass_context
def transcribe(
    context: click.Context,
    paths: tuple[str, ...],
    folder: Path,
    policy: str | None,
    language: Language | None,
    asr_model: str | None,
    agent_channel: Literal["left", "right"] | None,
) -> None:
    """Make transcripts of recordings, in the form that `ausweis score` reads.

    PATHS are files, folders or globs: WAV (PCM, A-law, µ-law), MP3, FLAC, OGG, Opus, M4A; stereo with one side a
    channel, two files named CALL.agent and CALL.caller, or mono.
    """
    from ausweis.audio.hearing import HearingOptions
    from ausweis.calls import find_sources
    from ausweis.calls.folders import sentence
    from ausweis.cli.score import exit_code
    from ausweis.cli.scoring import Recordings
    from ausweis.engines.weights import catalogue
    from ausweis.journal import FolderLock, make_folder
    from ausweis.policies import find_policy
    from ausweis.prompts import default_library

    sources = find_sources(paths, recordings_only=True)
    words = find_policy(policy).policy.hot_words if policy else ()
    hearing = HearingOptions(asr_model, language, agent_channel, hot_words=words)
    recordings = Recordings.among(sources, hearing, default_library(), catalogue.default_id())
    passed = sentence(sources.passed_over)
    if recordings is None:
        others = f" ({passed})" if passed else ""
        raise InputError(f"there is no recording among these files{others}; transcripts need no transcribing")
    make_folder(folder)
    lock = FolderLock(folder)
    try:
        _refuse_other_content(folder, FolderLock.NAME)
        done, tally = _transcribe(folder, sources, recordings)
    except KeyboardInterrupt:
        warn("stopped: go on with the same command")
        context.exit(130)
    finally:
        lock.release()
    click.echo(f"{done} transcripts, {tally.counts.failed} failed: {folder}")
    if passed:
        click.echo(passed)
    context.exit(exit_code(tally.counts))


def _transcribe(folder: Path, sources: "Sources", recordings: "Recordings") -> "tuple[int, Tally]":
    """How many recordings have a transcript, and which failed; `failures.jsonl` says why."""
    from contextlib import ExitStack, closing
    from functools import cache

    from ausweis.audio.kept import KeptTranscripts
    from ausweis.batch import Progress, Tally
    from ausweis.calls import UnreadableCall, read_calls
    from ausweis.calls.failure import Failure
    from ausweis.cli.progress import progress_shown
    from ausweis.engines.opened import open_engine
    from ausweis.journal import replace_file

    progress, tally = Progress(), Tally()
    (folder / FAILURES_FILE).unlink(missing_ok=True)
    with (
        ExitStack() as opened,
        progress_shown(len(sources.files), sources.files) as show,
        KeptTranscripts(folder) as kept,
    ):
        engine = cache(lambda: opened.enter_context(closing(open_engine("llama"))))
        for call in read_calls(sources, hear=recordings.opened(kept, None, engine, show.listening)):
            if isinstance(call, UnreadableCall):
                tally.add_failure(Failure.unreadable(call))
                warn(str(call))
                lines = (f"{failure.model_dump_json(by_alias=True)}\n" for failure in tally.failures)
                replace_file(folder / FAILURES_FILE, "".join(lines))
            progress = Progress(progress.seen + 1, 0, len(tally.failures))
            show(progress)
        if not any(group.reason == "transcript" for group in sources.passed_over) and kept.used:
            kept.keep_only(kept.used)
    return progress.seen - len(tally.failures), tally


def _refuse_other_content(folder: Path, lock: str) -> None:
    """A folder of transcripts goes on; into any other one nothing is written."""
    from ausweis.audio.kept import TRANSCRIPTS_FILE

    names = {path.name for path in folder.iterdir()} - {lock}
    if names and TRANSCRIPTS_FILE not in names and FAILURES_FILE not in names:
        raise RunError("the folder is not empty and holds no transcripts; name another one", place=str(folder))
