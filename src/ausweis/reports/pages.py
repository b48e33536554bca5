"""What pages in one file share: no network, and nothing in them that could act.

A page's Content-Security-Policy lets run only the styles and scripts whose SHA-256 it names: files beside this module,
into which no value is ever put. What stands in the page is escaped and cleaned (`views.templates`).
"""

import hashlib
from base64 import b64encode
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from ausweis.views.templates import environment

__all__ = ["page_of"]


def page_of(template: str, style: str, script: str = "", *, explained: bool = False, **values: Any) -> str:
    """The page of a template; `style` and `script` are files in the folder of templates.

    `explained`: words are explained on it, with the style that the desk has for it too.
    """
    text, code = _beside(style), _beside(script) if script else ""
    if explained:
        text = (files("ausweis.views") / "static" / "explained.css").read_text(encoding="utf-8") + text
    scripts = f" script-src '{_hash(code)}';" if code else ""
    policy = f"default-src 'none'; style-src '{_hash(text)}';{scripts} base-uri 'none'; form-action 'none'"
    values |= {"policy": policy, "style": Markup(text), "script": Markup(code)}  # noqa: S704
    return environment("ausweis.reports").get_template(template).render(**values)


def _beside(name: str) -> str:
    return (files("ausweis.reports") / "templates" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
