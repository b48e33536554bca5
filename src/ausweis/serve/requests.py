"""What is read from a request: the desk, the language, the fields of a form, numbers and days, where to go on."""

import re
from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from starlette.requests import Request

from ausweis.pages.words import Words
from ausweis.serve.desk import Desk
from ausweis.serve.language import asked_language

__all__ = [
    "client_of",
    "date_of",
    "dates_of",
    "desk_of",
    "fields_of",
    "here",
    "number_of",
    "origin_of",
    "sign_in_address",
    "words_of",
]

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
