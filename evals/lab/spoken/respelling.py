"""German words that the voices read wrongly, spelled so that they read them as people do."""

import re

__all__ = ["respelled"]

WORDS = {"pin": "Pinn", "tan": "Tann", "sim": "Simm", "lte": "L T E", "eu": "E U", "mhm": "hm hm", "mobile": "Mobeil"}
"""Whole words."""
PARTS = {
    "service": "Sörwis",
    "hotline": "Hottlein",
    "smartphone": "Smartfohn",
    "byte": "beit",
    "streaming": "Striehming",
    "roaming": "Rohming",
    "team": "Tiem",
}
"""Found within words, too: "Kundenservice"."""
JOINT = re.compile(r"-(?=(?:pin|tan|sim)\b)|(?<=\bpin)-|(?<=\btan)-|(?<=\bsim)-", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+")
PART = re.compile("|".join(PARTS), re.IGNORECASE)


def respelled(text: str) -> str:
    """The text as a German voice must get it."""
    parted = PART.sub(lambda found: PARTS[found[0].lower()], JOINT.sub(" ", text))
    return WORD.sub(lambda found: WORDS.get(found[0].lower(), found[0]), parted)
