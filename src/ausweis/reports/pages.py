"""What all HTML pages share: one file, no network, no word of a call that could act.

Words of calls are hostile input. Jinja2 escapes every value, control characters are taken out, and the page's
Content-Security-Policy lets run only the styles and scripts whose SHA-256 it names: files beside this module, into
which no value is ever put.
"""

import hashlib
from base64 import b64encode
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from ausweis.calls.text import clean

__all__ = ["beside", "content_policy", "environment"]


def content_policy(style: str, script: str = "") -> str:
    """The Content-Security-Policy: nothing but this style and this script."""
    scripts = f" script-src '{_hash(script)}';" if script else ""
    return f"default-src 'none'; style-src '{_hash(style)}';{scripts} base-uri 'none'; form-action 'none'"


def beside(name: str) -> str:
    """The text of a file in the folder of templates."""
    return (files("ausweis.reports") / "templates" / name).read_text(encoding="utf-8")


@lru_cache
def environment(package: str = "ausweis.reports") -> Environment:
    """The templates of a package, strict, and escaping every value."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _cleaned(value: object) -> object:
    """Every text that is printed, without control characters and marks that turn the direction of writing."""
    return clean(value) if type(value) is str else value
