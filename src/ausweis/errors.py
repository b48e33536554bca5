"""Everything that can go wrong for a user, in one tree.

    AusweisError
    ├── InputError            a file, folder or standard input that cannot be used
    │   ├── CallFormatError   a transcript that cannot be read as its format
    │   └── EncodingError     a text file that is not UTF-8
    ├── PolicyError           a policy file that says something impossible
    ├── PromptError           a template that cannot be loaded, rendered or released
    ├── ModelError            model weights or a server that cannot be used, or not any more
    ├── EngineError           the model ran, but gave no usable answer
    │   └── ContextError      the prompt is longer than the model's context
    ├── RunError              files of a command that cannot be written or read
    │   └── DiskFullError     a file for which the disk has no room
    └── StoreError            a store that cannot be opened or written, or a decision that it cannot take
        ├── NoCallError       a call that the store does not have
        └── NameRefusedError  a name of a person that could be taken for another's

Each message is one sentence for the person at the command line: where, what, and what to do. It never
quotes what was said in a call: `path`, line and call id are enough to find the place.
"""

from typing import Literal


class AusweisError(Exception):
    """A mistake that a user can understand and mend. `place` is a path, with `:line` where known."""

    def __init__(self, message: str, *, place: str | None = None) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.message = message
        self.place = place


class InputError(AusweisError):
    """A file, folder or standard input that cannot be used."""


class CallFormatError(InputError):
    """A transcript that cannot be read as the format that it is in. `call_id` is set where it is known."""

    def __init__(self, message: str, *, place: str | None = None, call_id: str | None = None) -> None:
        super().__init__(message, place=place)
        self.call_id = call_id


class EncodingError(InputError):
    """A text file that is not UTF-8."""


class PolicyError(AusweisError):
    """A policy file that says something impossible."""


class PromptError(AusweisError):
    """A template that cannot be loaded, rendered or released."""


class ModelError(AusweisError):
    """Model weights that are missing, cut short or not what the catalogue says; a server that is gone or unfit."""


class EngineError(AusweisError):
    """The model ran, but gave no usable answer."""


class ContextError(EngineError):
    """The prompt is longer than the context of the model."""


class RunError(AusweisError):
    """Files of a command that cannot be written or read."""


class DiskFullError(RunError):
    """A file for which the disk has no room, or more than its owner may have. `helps`: what can be done then."""

    def __init__(self, place: str | None, helps: str = "make room, and give the same command again") -> None:
        super().__init__(f"the disk is full: {helps}", place=place)


class StoreError(AusweisError):
    """A store that cannot be opened, read or written; a decision that it cannot take; a call that is not gone.

    `code` and `values` say the same for pages, which are in the reader's language; the code is empty where nobody who
    reads pages can do anything about it.
    """

    def __init__(self, message: str, *, place: str | None = None, code: str = "", **values: object) -> None:
        super().__init__(message, place=place)
        self.code = code
        self.values = values


class NoCallError(StoreError):
    """A call that the store does not have, or not any more; one without a verdict is none yet."""

    def __init__(self, message: str, *, place: str | None = None) -> None:
        super().__init__(message, place=place, code="call_gone")


class NameRefusedError(StoreError):
    """A name that nobody may use. `code`: why, for pages in other languages; `like`: whose it could be taken for."""

    def __init__(self, message: str, *, code: Literal["mixed", "alike", "known"], like: str = "") -> None:
        super().__init__(message, code=code, name=like)
        self.like = like


def unforeseen(error: BaseException) -> str:
    """The sentence for an error that nobody thought of: its type, since its own text may quote a call."""
    return f"something unforeseen went wrong ({type(error).__name__})"
