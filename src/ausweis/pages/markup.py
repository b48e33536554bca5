"""Templates of HTML pages and words of calls in Markdown: hostile input, which shows and does nothing."""

import hashlib
import re
from base64 import b64encode
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ausweis.calls.text import clean


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


def page_of(template: str, style: str, script: str = "", *, explained: bool = False, **values: Any) -> str:
    """The page of a template; `style` and `script` are files in the folder of templates.

    `explained`: words are explained on it, with the style that the desk has for it too.
    """
    text, code = _styled(style, explained=explained), _beside(script) if script else ""
    values |= {"policy": _policy(text, code), "style": Markup(text), "script": Markup(code)}  # noqa: S704
    return environment("ausweis.pages").get_template(template).render(**values)


def policy_of(style: str, *, explained: bool = False) -> str:
    """The Content-Security-Policy of such a page without a script: nothing but its own style."""
    return _policy(_styled(style, explained=explained), "")


def _styled(style: str, *, explained: bool) -> str:
    shared = (files("ausweis.pages") / "static" / "explained.css").read_text(encoding="utf-8") if explained else ""
    return shared + _beside(style)


def _policy(style: str, script: str) -> str:
    scripts = f" script-src '{_hash(script)}';" if script else ""
    return f"default-src 'none'; style-src '{_hash(style)}';{scripts} base-uri 'none'; form-action 'none'"


def _beside(name: str) -> str:
    return (files("ausweis.pages") / "templates" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


_MARKUP = re.compile(r"[\\`*_\[\]<>&|~#@!$]")
_NAME = re.compile(r"([\w.+/-]|@(?=\d))+", re.ASCII)


def code(text: str) -> str:
    """A name such as an id in a Markdown table: in backticks, where nothing of it could act between them."""
    return f"`{text}`" if _NAME.fullmatch(text) else f"<code>{cell(text)}</code>"


def cell(text: str) -> str:
    """On one line, with all that Markdown or HTML could act on as character references: they only show.

    GitHub looks for @names in what it has rendered; a word joiner behind the sign keeps it from finding one.
    """
    shown = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", " ".join(clean(text).split()))
    return shown.replace("&#64;", "&#64;&#8288;").replace("://", "&#58;//")
