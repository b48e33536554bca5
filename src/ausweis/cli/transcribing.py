"""What `ausweis transcribe` does: every recording heard, the failed ones named."""

from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ausweis.audio.kept import KEPT_AUDIO, TRANSCRIPTS_FILE, KeptTranscripts
from ausweis.batch import Progress, Tally
from ausweis.calls import Sources, UnreadableCall, find_sources, read_calls
from ausweis.calls.failure import Failure
from ausweis.calls.folders import sentence
from ausweis.cli.hearing import Recordings
from ausweis.cli.progress import progress_shown
from ausweis.cli.warning import warn
from ausweis.engines.opened import open_engine
from ausweis.engines.protocol import Engine
from ausweis.engines.weights import catalogue
from ausweis.errors import InputError, RunError
from ausweis.journal import FolderLock, make_folder, replace_file
from ausweis.policies import find_policy
from ausweis.prompts import default_library
from ausweis.vocabulary import Language

__all__ = ["TranscribeOptions", "transcribe_all"]

FAILURES_FILE = "failures.jsonl"
"""In the folder of transcripts: the recordings that could not be heard, and why, one a line."""


@dataclass(frozen=True)
class TranscribeOptions:
    """The options of the command, named as there."""

    paths: tuple[str, ...]
    folder: Path
    policy: str | None
    language: Language | None
    asr_model: str | None
    agent_channel: Literal["left", "right"] | None
    keep_audio: bool
    model: str | None
    threads: int | None
    quiet: bool


def transcribe_all(options: TranscribeOptions) -> tuple[int, Tally, Sources]:
    """How many recordings have a transcript, which failed, and what was read; `failures.jsonl` says why they failed.

    Raises:
        AusweisError: wrong use, no ASR model, or a folder that cannot be written.
    """
    sources = find_sources(options.paths, recordings_only=True)
    recordings = Recordings.among(
        sources,
        asr_model=options.asr_model,
        language=options.language,
        agent_channel=options.agent_channel,
        threads=options.threads,
        policy=find_policy(options.policy).policy if options.policy else None,
        library=default_library(),
        roles_model=options.model or catalogue.default_id(),
    )
    if recordings is None:
        told = sentence(sources.passed_over)
        others = f" ({told})" if told else ""
        raise InputError(f"there is no recording among these files{others}; transcripts need no transcribing")
    make_folder(options.folder)
    lock = FolderLock(options.folder)
    try:
        _refuse_other_content(options.folder)
        return *_transcribe(options, sources, recordings), sources
    finally:
        lock.release()


def _transcribe(options: TranscribeOptions, sources: Sources, recordings: Recordings) -> tuple[int, Tally]:
    progress, tally = Progress(), Tally()
    (options.folder / FAILURES_FILE).unlink(missing_ok=True)
    with (
        ExitStack() as opened,
        progress_shown(len(sources.files), sources.files, quiet=options.quiet) as show,
        KeptTranscripts(options.folder) as kept,
    ):
        copies = options.folder / KEPT_AUDIO if options.keep_audio else None
        engine = cache(lambda: opened.enter_context(closing(_engine(options))))
        hear = recordings.opened(kept, copies, engine, show.listening)
        for call in read_calls(sources, hear=hear):
            if isinstance(call, UnreadableCall):
                tally.add_failure(Failure.unreadable(call))
                warn(str(call))
                replace_file(options.folder / FAILURES_FILE, "".join(map(_line, tally.failures)))
            progress = Progress(progress.seen + 1, 0, len(tally.failures))
            show(progress)
        if not any(group.reason == "transcript" for group in sources.passed_over) and kept.used:
            kept.keep_only(kept.used)
    return progress.seen - len(tally.failures), tally


def _line(failure: Failure) -> str:
    return failure.model_dump_json(by_alias=True) + "\n"


def _engine(options: TranscribeOptions) -> Engine:
    return open_engine("llama", model=options.model, threads=options.threads)


def _refuse_other_content(folder: Path) -> None:
    """A folder of transcripts goes on; into any other one nothing is written."""
    names = {path.name for path in folder.iterdir()} - {FolderLock.NAME}
    if names and TRANSCRIPTS_FILE not in names and FAILURES_FILE not in names:
        raise RunError("the folder is not empty and holds no transcripts; name another one", place=str(folder))
