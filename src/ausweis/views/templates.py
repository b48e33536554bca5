"""What all HTML pages share: words of calls are hostile input, so every value is escaped and cleaned."""

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from ausweis.calls.text import clean

__all__ = ["environment"]


@lru_cache
def environment(package: str) -> Environment:
    """The templates of a package, strict, and escaping every value."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _cleaned(value: object) -> object:
    """Every text that is printed, without control characters and marks that turn the direction of writing."""
    return clean(value) if type(value) is str else value
