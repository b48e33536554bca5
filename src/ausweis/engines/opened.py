"""Engines by name: those that ship, and those that installed packages add by an entry point of `ausweis.engines`."""

import os
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

from ausweis.engines.protocol import Engine
from ausweis.errors import AusweisError, InputError, ModelError

Warn = Callable[[str], None]
"""Told what a user should know before calls are read."""
_GROUP = "ausweis.engines"
_SHIPPED = ("llama", "server", "fake", "recorded")


def open_engine(
    name: str,
    *,
    model: str | None = None,
    context: int | None = None,
    threads: int | None = None,
    workers: int | None = None,
    record: Path | None = None,
    warn: Warn | None = None,
) -> Engine:
    """The engine `llama`, `server:URL`, `fake:FILE`, `recorded:DIR`, or `NAME:ARGUMENT` of an installed package.

    `model` is an id or path for `llama` (the default one, if None), and the server's name of it for `server`. With
    `record`, its answers are written to that folder. `warn` is told what a user should know before calls are read.

    Raises:
        InputError: there is no such engine, it has no such option, or its file cannot be read.
        ModelError: the model cannot be loaded, or the server cannot be used.
        RunError: the recordings cannot be written.
    """
    kind, _, argument = name.partition(":")
    if kind in ("fake", "recorded") and any(option is not None for option in (model, context, threads)):
        raise InputError(f"--model, --context and --threads are for models, not for the engine {kind}")
    if kind in _SHIPPED and kind != "server" and workers is not None:
        raise InputError("--workers is for --engine server:URL, and for ausweis score, which runs so many processes")
    if kind == "server" and threads is not None:
        raise InputError("--threads is for the engine llama: a server is told its threads when it is started")
    engine: Engine
    if kind not in _SHIPPED:
        engine = _open_added(kind, argument, model=model, context=context, threads=threads, workers=workers)
    elif kind == "server" and argument:
        from ausweis.engines.server import KEY_VARIABLE, ServerEngine, outside_warning

        tell = warn or (lambda text: None)
        if outside := outside_warning(argument):
            tell(outside)
        key = os.environ.get(KEY_VARIABLE) or None
        engine = ServerEngine(argument, model=model, context=context, workers=workers, key=key, warn=tell)
    elif kind == "llama" and not argument:
        from ausweis.engines.llama import LlamaEngine
        from ausweis.engines.weights import catalogue

        engine = LlamaEngine.load(model or catalogue.default_id(), context=context, threads=threads)
    elif kind == "fake" and argument:
        from ausweis.engines.fake import FakeEngine

        engine = FakeEngine.from_file(Path(argument))
    elif kind == "recorded" and argument:
        from ausweis.engines.recorded import RecordedOnly

        engine = RecordedOnly(Path(argument))
    else:
        raise InputError(f"the engine must be {_names()}")
    if record is None:
        return engine
    from ausweis.engines.recorded import RecordingEngine

    try:
        return RecordingEngine(engine, record)
    except BaseException:
        engine.close()
        raise


def _names() -> str:
    added = (point.name for point in entry_points(group=_GROUP))
    return " or ".join((", ".join(("llama", "server:URL", "fake:FILE", *added)), "recorded:DIR"))


def _open_added(kind: str, argument: str, **options: str | int | None) -> Engine:
    """An engine of an installed package: called with what stands behind the colon, and options that were given."""
    point = next((point for point in entry_points(group=_GROUP) if point.name == kind), None)
    if point is None:
        raise InputError(f"the engine must be {_names()}")
    try:
        opened = point.load()(argument, **{name: value for name, value in options.items() if value is not None})
    except AusweisError:
        raise
    except Exception as error:
        message = f"the engine {kind} ({point.value}) cannot be opened ({type(error).__name__})"
        raise ModelError(f"{message}; ask whoever made it") from None
    engine: Engine = opened
    return engine
