"""`ausweis doctor`: what this machine has, and what is missing."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Literal, NamedTuple

import click

from ausweis.machine import gpu_maker, usable_cpus, usable_memory

MIN_PYTHON = (3, 11)
MIN_MEMORY = 3 << 30
"""Bytes: the default model with its context needs about this much."""
MIN_DISK = 1 << 30
_GPU_BUILDS = {"NVIDIA": "CUDA", "AMD": "HIP"}
"""What llama.cpp calls its builds for them."""


class HostCheck(NamedTuple):
    """One line of the report; `missing` means that scoring will not work."""

    state: Literal["good", "warning", "missing"]
    name: str
    text: str


@click.command(epilog="\b\nExample:\n  ausweis doctor")
@click.pass_context
def doctor(context: click.Context) -> None:
    """Say what this machine has and what is missing; exit code 1 if scoring will not work."""
    findings = list(checks())
    for finding in findings:
        click.echo(f"{finding.state:<8} {finding.name}: {finding.text}")
    if any(finding.state == "missing" for finding in findings):
        context.exit(1)


def checks() -> Iterator[HostCheck]:
    """All that is looked at, in the order of the report."""
    yield _python()
    yield from _packages()
    yield from (_processors(), _busy(), _memory(), _gpu())
    yield from _models()
    yield from _learned()
    yield from _templates()
    yield _disk()


def _python() -> HostCheck:
    good = sys.version_info >= MIN_PYTHON
    return HostCheck("good" if good else "missing", "python", f"{platform.python_version()} on {platform.platform()}")


def _packages() -> Iterator[HostCheck]:
    """What Ausweis wants without any extra."""
    try:
        wanted = metadata.requires("ausweis") or ()
    except metadata.PackageNotFoundError:
        yield HostCheck("warning", "packages", "cannot be told, since ausweis itself is not installed")
        return
    names = (re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in wanted if "extra ==" not in one)
    yield from map(_package, sorted(names))


def _package(name: str) -> HostCheck:
    try:
        return HostCheck("good", name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return HostCheck("missing", name, "is not installed; install ausweis again")


def _processors() -> HostCheck:
    cores = usable_cpus()
    return HostCheck("good", "processor", f"{cores} cores for this process; as many threads unless --threads says else")


def _busy() -> HostCheck:
    try:
        load = os.getloadavg()[0]
    except OSError:
        return HostCheck("warning", "load", "cannot be told on this machine")
    if load > 0.5 * usable_cpus():
        text = f"{load:.1f} in the last minute: the machine is busy, and a model then runs several times slower"
        return HostCheck("warning", "load", text)
    return HostCheck("good", "load", f"{load:.1f} in the last minute")


def _memory() -> HostCheck:
    free = usable_memory()
    if free is None:
        return HostCheck("warning", "memory", "cannot be told on this machine")
    text = f"{_gib(free)} can be used"
    if free < MIN_MEMORY:
        return HostCheck("warning", "memory", f"{text}; the default model wants {_gib(MIN_MEMORY)}")
    return HostCheck("good", "memory", text)


def _gpu() -> HostCheck:
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError):
        return HostCheck("warning", "gpu", "cannot be told, since llama-cpp-python cannot be loaded")
    from ausweis.engines.llama.model import gpu_memory

    built, free = llama_cpp.llama_supports_gpu_offload(), gpu_memory()
    if free is not None:
        return HostCheck("good", "gpu", f"{_gib(free)} free; a model that has room there runs on it")
    maker = gpu_maker()
    if maker is None or built:
        seen = f"an {maker} GPU is here, but llama.cpp cannot use it: see its driver" if maker else "none is seen"
        return HostCheck("warning" if maker else "good", "gpu", f"{seen}; models run on the processor")
    how = f"CMAKE_ARGS=-DGGML_{_GPU_BUILDS[maker]}=on pip install --force-reinstall --no-deps --no-cache-dir"
    version = f"llama-cpp-python=={metadata.version('llama-cpp-python')}"
    text = f"an {maker} GPU is here, but llama-cpp-python was built without it; `{how} {version}` builds it anew"
    return HostCheck("warning", "gpu", text)


def _models() -> Iterator[HostCheck]:
    from ausweis.engines import weights
    from ausweis.engines.weights import catalogue
    from ausweis.errors import ModelError

    yield HostCheck("good", "cache", str(weights.cache_folder()))
    for model in catalogue.entries():
        # Without the other kinds, transcripts can still be judged.
        needed = model.default and model.kind == "llm"
        bad: Literal["warning", "missing"] = "missing" if needed else "warning"
        name = f"model {model.id}" + (" (default)" if model.default else "")
        if weights.state(model.id) == "absent":
            if model.default:
                yield HostCheck(bad, name, f"not here; ausweis models pull {model.id} fetches it")
            continue
        try:
            weights.verify(model.id)
        except ModelError as error:
            yield HostCheck(bad, name, str(error))
        else:
            yield HostCheck("good", name, "present, its hash is right")


def _learned() -> Iterator[HostCheck]:
    from ausweis.engines.learned_index import INDEX_NAME, indexes
    from ausweis.engines.weights import catalogue
    from ausweis.errors import ModelError

    try:
        parts = [(index, part) for index in indexes() for part in index.parts]
    except ModelError as error:
        yield HostCheck("missing", "learned parts", str(error))
        return
    known = {part.sha256 for _, part in parts}
    for index, part in parts:
        try:
            index.checked(part)
        except ModelError as error:
            needed = part.base.id == catalogue.default_id()
            yield HostCheck("missing" if needed else "warning", str(part), str(error))
        else:
            lacks = part.lacks(known)
            text = f"is not used: its {lacks} is in no {INDEX_NAME}" if lacks else "present, its hash is right"
            yield HostCheck("warning" if lacks else "good", str(part), text)


def _templates() -> Iterator[HostCheck]:
    from ausweis.engines.learned_index import bases
    from ausweis.errors import ModelError, PromptError
    from ausweis.prompts import default_library
    from ausweis.reading.strategies import unlearned

    try:
        library = default_library()
        library.templates()
        sentences = [sentence for base in bases() for sentence in unlearned(library, base)]
    except ModelError:
        return  # told of the learned parts
    except PromptError as error:
        yield HostCheck("missing", "templates", str(error))
        return
    for sentence in sentences:
        yield HostCheck("warning", "templates", sentence)
    if not sentences:
        yield HostCheck("good", "templates", str(library))


def _disk() -> HostCheck:
    from ausweis.engines import weights

    folder = weights.cache_folder().absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return HostCheck("good" if free >= MIN_DISK else "warning", "disk", f"{_gib(free)} free in {folder}")


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
