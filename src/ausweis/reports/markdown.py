"""Words of calls in Markdown: they show, and do nothing."""

import re

from ausweis.calls.text import clean

__all__ = ["cell"]

_MARKUP = re.compile(r"[\\`*_\[\]<>&|~#@!$]")


def cell(text: str) -> str:
    """On one line, with all that Markdown or HTML could act on as character references: they only show.

    GitHub looks for @names in what it has rendered; a word joiner behind the sign keeps it from finding one.
    """
    shown = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", " ".join(clean(text).split()))
    return shown.replace("&#64;", "&#64;&#8288;").replace("://", "&#58;//")
