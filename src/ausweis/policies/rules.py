"""A policy made ready for judging many facts: factors as bits of a number, levels as places in a list."""

from dataclasses import dataclass

from ausweis import vocabulary
from ausweis.policies.form import PERMISSIONS, Permission
from ausweis.policies.policy import Policy
from ausweis.vocabulary import FACTORS, Vocabulary

_KNOWN: dict[str, int] = {factor: 1 << place for place, factor in enumerate(FACTORS)}
NAME = _KNOWN[vocabulary.NAME]
PRE_AUTHENTICATED = _KNOWN["pre_authenticated"]
DONE = sum(_KNOWN[factor] for factor, record in FACTORS.items() if record.looks_like is None)
"""What is done, and not said. No own factor is."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What `decide` needs of a policy. A level is its place in `levels`; a set of factors is a sum of their `bits`."""

    vocabulary: Vocabulary
    bits: dict[str, int]
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

    def factors_in(self, held: int) -> tuple[str, ...]:
        """The factors in a sum of bits, in the order of the vocabulary."""
        return tuple(factor for factor, bit in self.bits.items() if held & bit)


def rules_of(policy: Policy) -> Rules:
    """Make the policy ready."""
    words, levels = policy.vocabulary, tuple(policy.levels)
    # The known ones come first, so their bits are the same under all policies.
    bits = {factor: 1 << number for number, factor in enumerate(words.factors)} if words.own else _KNOWN
    place = {name: number for number, name in enumerate(levels)}
    return Rules(
        vocabulary=words,
        bits=bits,
        levels=levels,
        sets=tuple(
            tuple(sum(bits[f] for f in factors) for factors in level.any_of) for level in policy.levels.values()
        ),
        level_of={category: place[policy.level_of(category)] for category in words.categories},
        read_out={factor: place[policy.read_out_level(factor)] for factor in words.factors},
        accepted=sum(bits[factor] for factor in policy.factors) | NAME,
        attempts=policy.attempts,
        name_required=policy.name_required,
        third_party=tuple(permission for permission in PERMISSIONS if permission in policy.third_party.accept),
    )
