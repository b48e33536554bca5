"""A learned matcher of words: what a line of a call does with a company's own factor or category, by its description.

Five things are told at once: that the factor is asked for, given or read out, that data of the category are told, that
something of it is changed. `ausweis.reading.word_evidence` says what is weighed.
"""

from dataclasses import dataclass

from ausweis.engines.matcher import Matcher

__all__ = ["VERBS", "WordMatcher", "weighed_place"]

VERBS = ("asks", "gives", "reads out", "tells", "changes")
"""What may be done with a word, in the order of the outputs: the first three with a factor, the others a category."""


@dataclass(frozen=True, kw_only=True)
class WordMatcher(Matcher):
    """Tells what a line does with what each description says, in the order of `VERBS`."""

    KIND = "words"
    SCHEMA = "ausweis/words@3"


def weighed_place(verb: str, *, own: bool) -> int:
    """Where a verb stands among what is weighed: the verbs of own words, then of known ones."""
    return VERBS.index(verb) + (0 if own else len(VERBS))
