"""What `ausweis transcribe` does: every recording heard, the failed ones named."""

from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import click

from ausweis.audio.kept import TRANSCRIPTS_FILE
from ausweis.batch import Progress
from ausweis.batch.failure import Failure
from ausweis.batch.manifest import MANIFEST_FILE
from ausweis.batch.setup import open_engine
from ausweis.batch.state import FAILURES_FILE
from ausweis.calls import Sources, UnreadableCall, find_sources, read_calls
from ausweis.cli.hearing import Recordings
from ausweis.cli.progress import progress_shown
from ausweis.engines import catalogue
from ausweis.engines.protocol import Engine
from ausweis.errors import InputError, RunError
from ausweis.journal import FolderLock, make_folder, replace_file
from ausweis.judging.policy_files import find_policy
from ausweis.prompts import default_library

__all__ = ["Options", "transcribe_all"]


@dataclass(frozen=True)
class Options:
    """The options of the command, named as there."""

    paths: tuple[str, ...]
    folder: Path
    policy: str | None
    language: Literal["de", "en"] | None
    recogniser: str | None
    agent_channel: Literal["left", "right"] | None
    keep_audio: bool
    model: str | None
    threads: int | None
    quiet: bool


def transcribe_all(options: Options) -> tuple[int, int]:
    """How many recordings have a transcript, and how many failed; `failures.jsonl` says why.

    Raises:
        AusweisError: wrong use, no recogniser, or a folder that cannot be written.
    """
    found = find_sources(options.paths, transcripts_first=False)
    sources = Sources(tuple(source for source in found.files if source.is_recording), found.skipped)
    recordings = Recordings.among(
        sources,
        recogniser=options.recogniser,
        language=options.language,
        agent_channel=options.agent_channel,
        threads=options.threads,
        policy=find_policy(options.policy).policy if options.policy else None,
        keep_audio=options.keep_audio,
        library=default_library(),
        roles_model=options.model or catalogue.default_id(),
    )
    if recordings is None:
        raise InputError("there is no recording among these files; transcripts need no transcribing")
    make_folder(options.folder)
    lock = FolderLock(options.folder)
    try:
        _refuse_other_content(options.folder)
        return _transcribe(options, sources, recordings)
    finally:
        lock.release()


def _transcribe(options: Options, sources: Sources, recordings: Recordings) -> tuple[int, int]:
    progress = Progress()
    failures: list[str] = []
    (options.folder / FAILURES_FILE).unlink(missing_ok=True)
    with (
        ExitStack() as opened,
        progress_shown(len(sources.files), quiet=options.quiet) as show,
        recordings.opened(
            options.folder,
            cache(lambda: opened.enter_context(closing(_engine(options)))),
            show.listening,
        ) as hear,
    ):
        for call in read_calls(sources, hear=hear):
            if isinstance(call, UnreadableCall):
                failures.append(Failure.unreadable(call).line)
                click.echo(f"ausweis: {call}", err=True)
                replace_file(options.folder / FAILURES_FILE, "".join(f"{line}\n" for line in failures))
            progress = Progress(progress.seen + 1, 0, len(failures))
            show(progress)
        hear.tidy()
    return progress.seen - len(failures), len(failures)


def _engine(options: Options) -> Engine:
    return open_engine("llama", model=options.model, threads=options.threads)


def _refuse_other_content(folder: Path) -> None:
    """A folder of transcripts goes on; into any other one nothing is written."""
    names = {path.name for path in folder.iterdir()} - {FolderLock.NAME}
    if names and TRANSCRIPTS_FILE not in names and FAILURES_FILE not in names:
        raise RunError("the folder is not empty and holds no transcripts; name another one", place=str(folder))
    if MANIFEST_FILE in names:
        raise RunError("the folder holds a run of `ausweis score`; name another one", place=str(folder))
