"""Stretches of days that move with the calendar, so that a saved filter means tomorrow what it means today."""

from calendar import MONDAY
from datetime import date, timedelta
from typing import Literal, get_args

__all__ = ["PERIODS", "Period", "days_of"]

Period = Literal["today", "yesterday", "this_week", "last_week", "last_30"]
PERIODS: tuple[Period, ...] = get_args(Period)


def days_of(period: Period, today: date) -> tuple[date, date]:
    """The first and the last day of it. Weeks begin on Monday; `last_30`: thirty days up to today."""
    monday = today - timedelta(days=(today.weekday() - MONDAY) % 7)
    match period:
        case "today":
            return today, today
        case "yesterday":
            return today - timedelta(days=1), today - timedelta(days=1)
        case "this_week":
            return monday, today
        case "last_week":
            return monday - timedelta(days=7), monday - timedelta(days=1)
        case "last_30":
            return today - timedelta(days=29), today
