"""Whether a recording's transcript holds the values that were said in it.

said         values as callers mean them, by turn
canonical    spoken and written words → one form: digits, letters, folded words
dates        whether words say a date
sounds       whether two words sound alike: Kölner Phonetik, Metaphone
matching     one value, heard right or not, and what went wrong
transcript   the words of a call that were heard in a stretch of time
"""

from evals.lab.heard.matching import Finding, Problem, find_value
from evals.lab.heard.said import KINDS, SaidValue, SpokenCall, ValueKind, read_spoken
from evals.lab.heard.transcript import HeardWord, Transcript

__all__ = [
    "KINDS",
    "Finding",
    "HeardWord",
    "Problem",
    "SaidValue",
    "SpokenCall",
    "Transcript",
    "ValueKind",
    "find_value",
    "read_spoken",
]
