"""What is read from a request, and templates to answers."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape
from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, Response

from ausweis.calls.text import clean
from ausweis.pages.markup import environment
from ausweis.pages.words import Glossary, Words
from ausweis.serve.desk import Desk, RequestContext
from ausweis.vocabulary import LANGUAGES, Language

LANGUAGE = "ausweis-language"
"""The cookie of the language that was chosen."""


def asked_language(headers: Mapping[str, str]) -> Language:
    """The language that a request asks for, by its headers."""
    chosen = cookie_parser(headers.get("cookie", "")).get(LANGUAGE)
    return language_of(chosen, headers.get("accept-language", ""))


def keep_language(response: Response, language: Language) -> None:
    """Let the browser keep the language that was chosen."""
    response.set_cookie(LANGUAGE, language, max_age=31_536_000, httponly=True, samesite="lax", path="/")


def language_of(chosen: str | None, accepted: str) -> Language:
    """The language that was chosen; else the first of ours that the browser asks for (`Accept-Language`)."""
    weighed = []
    for place, part in enumerate(accepted.split(",")[:20]):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, name[:2].lower()))
        except ValueError:
            continue
    wanted = (chosen, *(name for _, _, name in sorted(weighed)))
    return next((language for name in wanted for language in LANGUAGES if language == name), "en")


FORM_FIELDS = 5000
"""A call may have thousands of incidents, each a field."""
MAX_ADDRESS = 2000


def desk_of(request: Request) -> Desk:
    """The desk that is asked."""
    desk: Desk = request.app.state.desk
    return desk


def words_of(request: Request) -> Words:
    """The words of the language in which the reader is answered."""
    return Words(asked_language(request.headers))


def client_of(request: Request) -> str:
    """The address that the request came from: that of a proxy, where there is one."""
    return request.client.host if request.client else ""


def origin_of(request: Request) -> str:
    """What addresses of pages begin with, as the browser has it; `Guard` let only names of ours through."""
    scheme = "https" if desk_of(request).secure else "http"
    return f"{scheme}://{request.headers.get('host', '')}"


async def fields_of(request: Request) -> dict[str, str]:
    """The last value of each field of the form that was sent."""
    if not hasattr(request.state, "fields"):
        async with request.form(max_files=0, max_fields=FORM_FIELDS) as form:
            request.state.fields = {name: value for name, value in form.items() if isinstance(value, str)}
    fields: dict[str, str] = request.state.fields
    return fields


def number_of(text: str) -> int | None:
    """The number of a field, from 0 on and no larger than what a database holds; None where it is none."""
    return int(text) if re.fullmatch(r"\s*[0-9]{1,15}\s*", text) else None


def date_of(text: str) -> date | None:
    """The day of a field; None where it is none."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def dates_of(form: Mapping[str, str]) -> tuple[date, date] | None:
    """The `first` and the `last` day of a form; None where one is none, or the first comes after the last."""
    first, last = (date_of(form.get(name, "")) for name in ("first", "last"))
    return (first, last) if first and last and first <= last else None


def here(address: str) -> str:
    """The address, if it is one of a page of ours; else that of the queue."""
    # One slash, and no second or a backslash behind it: browsers take those for another host.
    ours = re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", address) and len(address) <= MAX_ADDRESS
    return address if ours else "/"


def sign_in_address(back: str) -> str:
    """Where somebody signs in who goes on to this page then."""
    return "/signin" if back == "/" else f"/signin?{urlencode({'back': back})}"


_TYPED = re.compile(
    r"choice|coaching|note|blind|opened|says|verdict_key|add-kind|add-turn|(finding|reason|missing)-[0-9]{1,6}"
)
_POSTED = re.compile(r"(/calls/\d+)/(?:decisions|form|unmask|mask)")


def typed_of(form: Mapping[str, str]) -> dict[str, str]:
    """The fields of a decision; nothing where the form has none of them."""
    if "verdict_key" not in form:
        return {}
    return {name: value for name, value in form.items() if _TYPED.fullmatch(name)}


def page_of(path: str) -> str | None:
    """The page of the call whose form is sent to a path; None of all other paths."""
    found = _POSTED.fullmatch(path)
    return found and found[1]


def form_address(page: str) -> str | None:
    """Where the page of a call, by its address, is shown with the form as it was typed; None of other pages."""
    found = re.fullmatch(r"(/calls/\d+)(\?[^#]*)?(#.*)?", page)
    return found and f"{found[1]}/form{found[2] or ''}"


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
        objections_waiting=len(context.open_objections),
        **values,
    )
    return HTMLResponse(body, status)


def render(template: str, words: Words, **values: Any) -> str:
    """The template in a language."""
    values = {"session": None, "back": "/", "here": "", "said": None, "again": "", "objections_waiting": 0} | values
    values |= {"w": words, "t": words.text, "glossary": Glossary(words), "version": _version(), "today": date.today()}
    values["linked"] = lambda note: _linked(note, words)
    return environment("ausweis.serve").get_template(template).render(**values)


_TO_TURN = Markup('<a href="#t{number}" data-to="{number}">{shown}</a>')


def _linked(note: str, words: Words) -> Markup:
    """A note in which turns are links: `Turn 7`."""
    parts = re.split(rf"(\b{re.escape(words.text('turn'))} [0-9]{{1,6}}\b)", clean(note))
    turns = (_TO_TURN.format(number=part.split()[-1], shown=part) for part in parts[1::2])
    return Markup().join(part for pair in zip_longest(map(escape, parts[::2]), turns, fillvalue="") for part in pair)


@cache
def _version() -> str:
    """Changes with the static files, so that no browser shows a page with files of the version before."""
    names = sorted(file.name for file in STATIC.iterdir() if file.is_file())
    return hashlib.sha256(b"".join((STATIC / name).read_bytes() for name in names)).hexdigest()[:12]
