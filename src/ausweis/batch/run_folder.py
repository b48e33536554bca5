"""The run folder: `run.json`, `facts.jsonl`, `verdicts.jsonl`, `failures.jsonl`, and `.lock` while it is written.

The order of writing makes a kill harmless. The facts of a call are on the disk before its verdict is written, so
what is missing after a kill is at most one verdict whose facts are there, or one call that nothing was written of.
Of a call that was scored again, the last facts count, and their verdict; what came before is left out at the end.
"""

import os
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from ausweis.batch.failure import Failure
from ausweis.batch.manifest import MANIFEST_FILE, Counts, RunManifest, now, read_manifest, refuse_differences
from ausweis.batch.related import RELATED_FILE
from ausweis.batch.state import (
    FACTS_FILE,
    FAILURES_FILE,
    VERDICTS_FILE,
    RunState,
    call_sha256,
    facts_line,
    facts_of,
    leave_out_superseded,
    scan,
    standing,
    verdict_line,
)
from ausweis.calls.call import Call
from ausweis.errors import RunError
from ausweis.facts import Facts
from ausweis.journal import FolderLock, Journal, Line, lines, make_folder, remove_file, replace_file
from ausweis.judging.verdict import Verdict
from ausweis.opening import open_file

__all__ = ["RunFolder"]


class RunFolder:
    """One run, open for writing by this process alone; a context manager.

    Get one with `open`, then `begin` it. Without `begin` nothing is written, and closing leaves no trace.
    """

    def __init__(self, path: Path, lock: FolderLock, manifest: RunManifest | None, undo: Callable[[], None]) -> None:
        self.path = path
        self._lock = lock
        self._manifest = manifest
        self._undo = undo
        self._journals: dict[str, Journal] = {}
        self._seen: Counter[str] = Counter()
        self._state = RunState()
        self._retried = False
        self.lost: frozenset[str] = frozenset()
        """Calls whose verdicts were left out when the run was resumed, since their facts were not there."""

    @classmethod
    def open(cls, path: Path, *, resume: bool = False, judged_from: Path | None = None) -> "RunFolder":
        """Make the folder, or take up the run that is in it, and lock it.

        What an earlier try to judge the run in `judged_from` left half done is thrown away: the run still has it all.

        Raises:
            RunError: the folder is not empty and not to be resumed, is no run, is being written by another process,
                or cannot be written.
        """
        made = not os.path.exists(path)  # noqa: PTH110 - a name that no file can have is refused when it is made
        if resume and made:
            raise RunError("there is no run to resume; leave out --resume to begin one", place=str(path))
        make_folder(path)
        lock = FolderLock(path)
        try:
            manifest = read_manifest(path)
            if manifest is not None and judged_from is not None and manifest.is_half_judged(judged_from):
                for name in (FACTS_FILE, VERDICTS_FILE, FAILURES_FILE, RELATED_FILE, MANIFEST_FILE):
                    remove_file(path / name)
                manifest = None
            if manifest is None or not resume:
                _refuse_content(path, manifest)
        except BaseException:
            lock.release()
            raise

        def undo() -> None:
            with suppress(OSError):
                (path / FolderLock.NAME).unlink()
                if made:
                    path.rmdir()

        return cls(path, lock, manifest if resume else None, undo)

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def manifest(self) -> RunManifest | None:
        """That of the run which is resumed, or of the one that was begun."""
        return self._manifest

    @property
    def counts(self) -> Counts:
        """What is written so far."""
        return self._state.counts

    def refuse(self, parts: dict[str, str]) -> None:
        """Refuse to resume a run that was made of other parts (`RunManifest.parts`); these may be some of them only.

        Raises:
            RunError: it was.
        """
        if self._manifest is not None:
            refuse_differences(self._manifest.parts(), parts, self.path)

    def begin(self, manifest: RunManifest, *, retry_failed: bool = False, synced: bool = True) -> None:
        """Write the manifest, and open the files. A run that is resumed keeps its start, its inputs and its failures.

        With `retry_failed`, calls that failed are not settled. Without `synced`, lines are on the disk only when the
        folder is closed: for what is made again in seconds.

        Raises:
            RunError: the run to resume was made of other parts, or the folder cannot be written.
        """
        self.refuse(manifest.parts())
        if self._manifest is not None:
            update = {"started": self._manifest.started, "judged_from": self._manifest.judged_from}
            manifest = manifest.with_inputs_of(self._manifest).model_copy(update=update)
        self._manifest = manifest
        self._state = scan(self.path)
        self.lost = frozenset(self._state.lost)
        if self._leave_out_superseded():
            # A kill left it behind.
            self._state = scan(self.path)
        self._retried = retry_failed
        if retry_failed:
            self._state.failed.clear()
        self._write_manifest(complete=False, finished=None)
        for name in (FACTS_FILE, VERDICTS_FILE, FAILURES_FILE):
            self._journals[name] = Journal(self.path / name, synced=synced)

    def meet(self, call: Call) -> None:
        """Take note where a call's transcript is another than was read before: its verdict does not hold any more."""
        if call.id in self._state.made_of:
            self._state.meet(call.id, call_sha256(call))

    def is_settled(self, call_id: str) -> bool:
        """Whether the call has a verdict, or has failed."""
        return call_id in self._state.done or call_id in self._state.failed

    def stored_facts(self, call_id: str) -> Facts | None:
        """The facts of a call that was read, but not judged.

        Raises:
            RunError: they cannot be read.
        """
        offset = self._state.stored.get(call_id)
        if offset is None:
            return None
        path = self.path / FACTS_FILE
        try:
            with open_file(path) as file:
                file.seek(offset)
                data = file.readline()
        except OSError as error:
            raise RunError(f"the facts cannot be read ({error.strerror})", place=str(path)) from None
        return facts_of(Line(0, offset, data), path)

    def add(self, call: Call, facts: Facts, verdict: Verdict) -> None:
        """Write what was read of a call, unless it stands there, then its verdict.

        Raises:
            RunError: a line cannot be written.
        """
        if call.id not in self._state.stored:
            self.add_facts(facts)
        self.add_verdict(verdict)

    def add_text(self, call: Call) -> None:
        """Nothing: texts are no part of a run folder."""

    def add_facts(self, facts: Facts) -> None:
        """Write what was read of a call, before its verdict, or where it gets none.

        Raises:
            RunError: the line cannot be written.
        """
        self._journals[FACTS_FILE].append(facts_line(facts))

    def copy_facts(self, line: bytes) -> None:
        """Write the facts of another run as they stand there.

        Raises:
            RunError: the line cannot be written.
        """
        self._journals[FACTS_FILE].append(line.decode("utf-8"))

    def add_verdict(self, verdict: Verdict) -> None:
        """Write a verdict.

        Raises:
            RunError: the line cannot be written.
        """
        self._journals[VERDICTS_FILE].append(verdict_line(verdict))
        self._state.add_verdict(_for_counting(verdict))

    def add_failure(self, failure: Failure) -> bool:
        """Write a failure, unless it stands there from before; False where that is so, and it is not tried again.

        Raises:
            RunError: the line cannot be written.
        """
        self._seen[failure.line] += 1
        new = self._seen[failure.line] > self._state.failures[failure.line]
        if new:
            self._journals[FAILURES_FILE].append(failure.line)
            self._state.add_failure(failure)
        if failure.blocks is not None and not failure.was_read:
            # Its file is as it was: a call with this id that comes now is from another one.
            self._state.failed.discard(failure.blocks)
        return new or self._retried

    def flush(self) -> None:
        """Nothing: each line is on the disk, or comes there by `finish`."""

    def finish(self, *, complete: bool, retried: Collection[str] = ()) -> None:
        """Put all lines on the disk, then the manifest with the counts.

        `retried`: files that were all read again, so that what failed in them before, and not again, is mended.

        Raises:
            RunError: a file cannot be written, or a whole line is not what its file holds.
        """
        self._close_journals()
        superseded = self._leave_out_superseded()
        if self._forget(retried) or superseded or not complete:
            # Whoever was interrupted may have written a line and not counted it.
            self._state = scan(self.path)
        self._write_manifest(complete=complete, finished=now())

    def close(self) -> None:
        """Close the files, and let others write."""
        try:
            self._close_journals()
        finally:
            if not self._journals and not (self.path / MANIFEST_FILE).exists():
                self._undo()
            self._lock.release()

    def _leave_out_superseded(self) -> bool:
        """Leave out what was made of earlier transcripts, and verdicts without facts; whether there were any."""
        if self._state.newest or self._state.lost:
            leave_out_superseded(self.path, self._state.newest, self._state.lost)
        return bool(self._state.newest or self._state.lost)

    def _forget(self, retried: Collection[str]) -> bool:
        """Leave out the failures that do not hold any more; whether there were any."""
        left = self._seen.copy()
        kept = []
        for failure in standing(self.path, self._state.done):
            if retried and not failure.was_read and failure.is_in(retried) and not left[failure.line]:
                continue
            left[failure.line] -= 1
            kept.append(failure.line)
        path = self.path / FAILURES_FILE
        if len(kept) == sum(1 for _ in lines(path)):
            return False
        replace_file(path, "".join(f"{line}\n" for line in kept))
        return True

    def _close_journals(self) -> None:
        for journal in self._journals.values():
            journal.close()

    def _write_manifest(self, *, complete: bool, finished: str | None) -> None:
        if self._manifest is None:
            raise RunError("the run was not begun", place=str(self.path))
        update = {"complete": complete, "finished": finished, "counts": self._state.counts.ordered()}
        self._manifest = self._manifest.model_copy(update=update)
        text = self._manifest.model_dump_json(by_alias=True, indent=2)
        replace_file(self.path / MANIFEST_FILE, text + "\n")


def _refuse_content(path: Path, manifest: RunManifest | None) -> None:
    if manifest is not None:
        message = "the folder holds a run; go on with it by --resume (of `ausweis score`), or name another folder"
        raise RunError(message, place=str(path))
    try:
        # A process that was killed before its first line leaves these.
        others = {entry.name for entry in path.iterdir()} - {FolderLock.NAME, f".{MANIFEST_FILE}.part"}
    except OSError as error:
        raise RunError(f"the folder cannot be read ({error.strerror})", place=str(path)) from None
    if others:
        raise RunError("the folder is not empty and holds no run; name another folder", place=str(path))


def _for_counting(verdict: Verdict) -> dict[str, Any]:
    return {
        "call_id": verdict.call_id,
        "outcome": verdict.outcome,
        "needs_review": verdict.needs_review,
        "violations": [{"type": violation.type} for violation in verdict.violations],
    }
