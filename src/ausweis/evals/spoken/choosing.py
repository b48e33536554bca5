"""Which labelled calls are spoken: decided by their labels and their ids, never by what is said in them."""

from collections.abc import Iterable
from hashlib import sha256

from ausweis.evals.labelled import LabelledCall
from ausweis.evals.spoken.speaking import CHANNELS
from ausweis.vocabulary import Outcome

__all__ = ["choose"]

OUTCOMES: frozenset[Outcome] = frozenset({"violation", "compliant"})
FEWEST_TURNS = 8
MOST_TURNS = 24


def choose(calls: Iterable[LabelledCall], count: int = 10) -> list[LabelledCall]:
    """At most so many English calls, ordered by id: clean text, 8 to 24 turns, a violation or compliant.

    One of each policy and outcome in turn, for as long as there are some; among equals the hash of the id decides.
    """
    groups: dict[tuple[str, str], list[LabelledCall]] = {}
    for one in sorted(filter(_fits, calls), key=lambda one: sha256(one.call.id.encode()).digest()):
        groups.setdefault((one.gold.policy, one.gold.outcome), []).append(one)
    rounds = [(number, group, one) for group, members in groups.items() for number, one in enumerate(members)]
    rounds.sort(key=lambda place: place[:2])
    return sorted((one for _, _, one in rounds[:count]), key=lambda one: one.call.id)


def _fits(one: LabelledCall) -> bool:
    return (
        one.call.language == "en"
        and one.gold.tags.surface == "clean"
        and one.gold.outcome in OUTCOMES
        and FEWEST_TURNS <= len(one.call.turns) <= MOST_TURNS
        and all(turn.speaker in CHANNELS for turn in one.call.turns)
    )
