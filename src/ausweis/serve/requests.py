"""What is read from a request: the desk, the language, the fields of a form, where to go on."""

import re
from urllib.parse import urlencode

from starlette.requests import Request

from ausweis.serve.desk import Desk
from ausweis.serve.language import asked_language
from ausweis.views.words import Words

__all__ = ["client_of", "desk_of", "fields_of", "here", "origin_of", "sign_in_address", "words_of"]

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


def here(address: str) -> str:
    """The address, if it is one of a page of ours; else that of the queue."""
    # One slash, and no second or a backslash behind it: browsers take those for another host.
    ours = re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", address) and len(address) <= MAX_ADDRESS
    return address if ours else "/"


def sign_in_address(back: str) -> str:
    """Where somebody signs in who goes on to this page then."""
    return "/signin" if back == "/" else f"/signin?{urlencode({'back': back})}"
