"""German words that the voices read wrongly, spelled so that they read them as people do."""

import re

__all__ = ["respelled"]

WORDS = {
    "pin": "Pinn",
    "tan": "Tann",
    "sim": "Simm",
    "iban": "Ibahn",
    "wlan": "Weh-Lahn",
    "lte": "L T E",
    "eu": "E U",
    "mhm": "hm hm",
    "service": "Sörwis",
    "servicepin": "Sörwis Pinn",
    "mobile": "Mobeil",
    "code": "Kohd",
    "handy": "Händi",
    "e-mail": "Iemejl",
    "mail": "Mejl",
    "router": "Ruhter",
}
WORD = re.compile(r"\b(e-mail|[^\W\d_]+)\b", re.IGNORECASE)
HYPHEN = re.compile(
    r"(?<=\w)-(?=(?:pin|tan|sim|iban)\b)|(?<=\bservice)-|(?<=\bpin)-|(?<=\btan)-|(?<=\bsim)-", re.IGNORECASE
)


def respelled(text: str) -> str:
    """The text as a German voice must get it."""
    return WORD.sub(lambda found: WORDS.get(found[0].lower(), found[0]), HYPHEN.sub(" ", text))
