"""What somebody typed about a call and could not send: carried in the forms of the pages that come between.

Nothing of it is stored anywhere, neither here nor in the browser.
"""

import re
from collections.abc import Mapping

from ausweis.vocabulary import INCIDENTS, VIOLATIONS

__all__ = ["form_address", "page_of", "typed_of"]

_NAMES = frozenset(
    {"choice", "coaching", "note", "open", "opened", "outcome", "says", "verdict_key", *VIOLATIONS, *INCIDENTS}
)
_KEPT = re.compile(r"keep-[0-9]{1,7}-.+")
_POSTED = re.compile(r"(/calls/\d+)/(?:decisions|heard|form|unmask|mask)")


def typed_of(form: Mapping[str, str]) -> dict[str, str]:
    """The fields of a decision, or of what was heard; nothing where the form has none of them."""
    if "verdict_key" not in form:
        return {}
    return {name: value for name, value in form.items() if name in _NAMES or _KEPT.fullmatch(name)}


def page_of(path: str) -> str | None:
    """The page of the call whose form is sent to a path; None of all other paths."""
    found = _POSTED.fullmatch(path)
    return found and found[1]


def form_address(page: str) -> str | None:
    """Where the page of a call, by its address, is shown with the form as it was typed; None of other pages."""
    found = re.fullmatch(r"(/calls/\d+)(\?[^#]*)?(#.*)?", page)
    return found and f"{found[1]}/form{found[2] or ''}"
