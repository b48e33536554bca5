"""How long it is until a deadline, in words."""

from datetime import date

from ausweis.views.words import Words

__all__ = ["left"]


def left(deadline: date, words: Words, today: date) -> str:
    """`noch 3 Tage`, or for how long it has been over."""
    days = (deadline - today).days
    return words.count("days_left", days) if days >= 0 else words.count("days_over", -days)
