"""In which language a reader is answered."""

from ausweis.vocabulary import Language

__all__ = ["language_of"]


def language_of(chosen: str | None, accepted: str) -> Language:
    """The language that was chosen; else the first of ours that the browser asks for (`Accept-Language`)."""
    if chosen in ("de", "en"):
        return "de" if chosen == "de" else "en"
    weighed = []
    for place, part in enumerate(accepted.split(",")[:20]):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, name[:2].lower()))
        except ValueError:
            continue
    return next(("de" if name == "de" else "en" for _, _, name in sorted(weighed) if name in ("de", "en")), "en")
