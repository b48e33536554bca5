"""A policy made ready for judging many facts: factors as bits of a number, levels as places in a list."""

from dataclasses import dataclass

from ausweis import vocabulary
from ausweis.judging.policy import PERMISSIONS, Permission, Policy
from ausweis.vocabulary import CATEGORIES, FACTORS, Factor

__all__ = ["BITS", "DONE", "NAME", "PRE_AUTHENTICATED", "Rules", "factors_in", "rules_of"]

BITS: dict[str, int] = {factor: 1 << place for place, factor in enumerate(FACTORS)}
NAME = BITS[vocabulary.NAME]
PRE_AUTHENTICATED = BITS["pre_authenticated"]
DONE = sum(BITS[factor] for factor, record in FACTORS.items() if record.looks_like is None)
"""What is done, and not said."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What `decide` needs of a policy. A level is its place in `levels`; a set of factors is a sum of `BITS`."""

    levels: tuple[str, ...]
    sets: tuple[tuple[int, ...], ...]
    level_of: dict[str, int]
    read_out: dict[str, int]
    accepted: int
    attempts: int
    name_required: bool
    third_party: tuple[Permission, ...]

    def named(self, held: int) -> bool:
        """Whether the caller's name is known, or not wanted."""
        return not self.name_required or bool(held & (NAME | PRE_AUTHENTICATED))

    def met(self, held: int, level: int) -> bool:
        """Whether these factors meet the level; a set of a later, stricter level meets the earlier ones too."""
        if not self.named(held):
            return False
        return any(factors & held == factors for sets in self.sets[level:] for factors in sets)

    def missing(self, held: int, level: int) -> list[int]:
        """What would complete the level: the smallest lacking sets, each with the name where that lacks too."""
        name = 0 if self.named(held) else NAME
        lacking = [factors & ~held for factors in self.sets[level]]
        least = min(gap.bit_count() for gap in lacking)
        # A pre-authenticated caller is known by name to whoever authenticated them.
        gaps = [gap if gap & PRE_AUTHENTICATED else gap | name for gap in lacking if gap.bit_count() == least]
        return list(dict.fromkeys(gaps))


def factors_in(held: int) -> list[Factor]:
    """The factors in a sum of `BITS`, in the order of the vocabulary."""
    return [factor for factor in FACTORS if held & BITS[factor]]


def rules_of(policy: Policy) -> Rules:
    """Make the policy ready."""
    levels = tuple(policy.levels)
    place = {name: number for number, name in enumerate(levels)}
    return Rules(
        levels=levels,
        sets=tuple(
            tuple(sum(BITS[f] for f in factors) for factors in level.any_of) for level in policy.levels.values()
        ),
        level_of={category: place[policy.level_of(category)] for category in CATEGORIES},
        read_out={factor: place[policy.read_out_level(factor)] for factor in FACTORS},
        accepted=sum(BITS[factor] for factor in policy.factors) | NAME,
        attempts=policy.attempts,
        name_required=policy.name_required,
        third_party=tuple(permission for permission in PERMISSIONS if permission in policy.third_party.accept),
    )
