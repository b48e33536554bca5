"""Files about calls that commands write: their format, and that the store remembers where they are."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.errors import InputError

if TYPE_CHECKING:
    from ausweis.store import Store

__all__ = ["format_of", "write_report"]


def format_of(out: Path, formats: tuple[str, ...], endings: dict[str, str]) -> str | None:
    """The one format of a file, as its name ends; None where it says nothing, and nothing is asked for.

    Raises:
        InputError: several are asked for, or another one than the name says.
    """
    own = next((kind for kind, ending in endings.items() if out.suffix.lower() == ending), None)
    if len(formats) > 1:
        raise InputError("a file holds one format; name one", place=str(out))
    if formats not in ((), (own,)):
        raise InputError(f"a file of {formats[0]} is named *{endings[formats[0]]}", place=str(out))
    return own


def write_report(store: "Store", path: Path, keys: Iterable[int], content: Callable[[], str | bytes]) -> None:
    """Write a file about these calls, and say where it is; deleting one of them removes it.

    Raises:
        RunError: it cannot be written.
        StoreError: the store cannot be.
    """
    from ausweis.journal import make_folder, replace_file

    known = list(keys)
    # Registered first: a page that the store does not know of would outlive its calls; so would the one before it.
    make_folder(path.parent)
    store.register_report(path, known, besides=True)
    # As the store is: others who may read the folder may not read what was said.
    replace_file(path, content(), mode=0o600)
    store.register_report(path, known)
    click.echo(str(path))
