"""Templates to answers. Every value is escaped, and cleaned of what nobody can have said."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.responses import HTMLResponse

from ausweis.pages.markup import environment
from ausweis.pages.words import Glossary, Words
from ausweis.serve.desk import RequestContext

__all__ = ["STATIC", "answer", "render"]

STATIC = files("ausweis.serve") / "static"


def answer(context: RequestContext, template: str, *, here: str = "", status: int = 200, **values: Any) -> HTMLResponse:
    """A page for somebody who is signed in; `here`: the entry of the menu that it belongs to."""
    body = render(
        template,
        context.words,
        session=context.session,
        csrf=context.desk.auth.csrf_token(context.session),
        back=context.path + context.query,
        here=here,
        **values,
    )
    return HTMLResponse(body, status)


def render(template: str, words: Words, **values: Any) -> str:
    """The template in a language."""
    values = {"session": None, "back": "/", "here": "", "said": None, "again": ""} | values
    values |= {"w": words, "t": words.text, "glossary": Glossary(words), "version": _version()}
    return environment("ausweis.serve").get_template(template).render(**values)


@cache
def _version() -> str:
    """Changes with the static files, so that no browser shows a page with files of the version before."""
    names = sorted(file.name for file in STATIC.iterdir() if file.is_file())
    return hashlib.sha256(b"".join((STATIC / name).read_bytes() for name in names)).hexdigest()[:12]
