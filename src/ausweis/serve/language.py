"""In which language a reader is answered."""

from collections.abc import Mapping

from starlette.requests import cookie_parser
from starlette.responses import Response

from ausweis.vocabulary import LANGUAGES, Language

__all__ = ["LANGUAGE", "asked_language", "keep_language", "language_of"]

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
