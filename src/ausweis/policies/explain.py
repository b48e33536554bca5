"""What a policy asks, in plain sentences: with a note of what no level names, and a warning of a known mistake.

The mistake: name and date of birth were enough, and a former partner knew both (BfDI 2019; LG Bonn 29 OWi 1/20).
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib.resources import files

from pydantic import TypeAdapter

from ausweis.policies.form import EXPECTED
from ausweis.policies.policy import Policy
from ausweis.policies.rules import Rules, rules_of
from ausweis.vocabulary import (
    INCIDENTS,
    KNOWN_WORDS,
    SEVERITY_NAMES,
    Language,
    OwnWord,
    Vocabulary,
    level_name,
    name_of,
)

Texts = Mapping[Language, Mapping[str, str]]
"""By language, then by key."""


def texts_of(package: str, table: str) -> Texts:
    """A table in `texts.toml` of a package: of each language, the texts by their keys."""
    data = tomllib.loads((files(package) / "texts.toml").read_text(encoding="utf-8"))
    return TypeAdapter(dict[Language, dict[str, str]]).validate_python(data[table])


TEXTS = texts_of("ausweis.policies", "explain")
WORDS = texts_of("ausweis.policies", "words")


def explain(policy: Policy, language: Language | None = None) -> tuple[str, ...]:
    """Sentences, one a line, in the policy's own language unless another is given; notes and warnings at the end."""
    spoken = language or policy.language
    told = sentences(policy, spoken)
    return (*(sentence for _, sentence in told), *(sentence for _, sentence in warnings(policy, spoken)))


def sentences(policy: Policy, language: Language) -> Iterator[tuple[tuple[str, str], str]]:
    """What it asks, each sentence with what it is about: a word of `texts.toml`, and an id if it has one."""
    rules, texts = rules_of(policy), TEXTS[language]
    yield ("head", ""), texts["head"].format(id=policy.id, version=policy.version, title=policy.title.rstrip("."))
    yield from _own_words(policy, language)
    yield from _levels(policy, rules, language)
    yield from _actions(policy, language)
    yield from _read_outs(policy, language)
    needs = permission_in_words(rules.third_party, language)
    third = texts["third_party"].format(needs=needs) if rules.third_party else texts["nobody"]
    yield ("third_party", ""), third
    yield ("third_party", ""), texts["by_the_way"]
    yield ("attempts", ""), texts["attempts"].format(count=policy.attempts)
    if policy.expected_violations != EXPECTED:
        yield ("expected", ""), expected_in_words(policy, language)
    for rule in policy.incidents:
        described = INCIDENTS[rule.kind].sentence[language] if rule.kind else rule.description
        severity = SEVERITY_NAMES[rule.severity][language]
        yield ("incident", rule.id), texts["incident"].format(severity=severity, description=described)


def _own_words(policy: Policy, language: Language) -> Iterator[tuple[tuple[str, str], str]]:
    texts = TEXTS[language]
    for word in policy.own_words:
        yield (
            ("own", word.id),
            texts[f"own_{word.kind}"].format(
                name=word.name,
                id=word.id,
                strength=texts.get(word.strength or ""),
                description=f"{word.description.rstrip('.')}.",
            ),
        )


def expected_in_words(policy: Policy, language: Language) -> str:
    """The share of calls that are expected to break the policy."""
    share = f"{round(100 * policy.expected_violations, 4):g}".replace(".", "," if language == "de" else ".")
    return TEXTS[language]["expected"].format(share=share)


def _levels(policy: Policy, rules: Rules, language: Language) -> Iterator[tuple[tuple[str, str], str]]:
    texts, words = TEXTS[language], rules.vocabulary
    for level, sets in zip(rules.levels, rules.sets, strict=True):
        enough = sets_in_words(map(rules.factors_in, sets), language, words)
        yield ("level", level), texts["level"].format(level=level_name(level, language), sets=enough)
    if len(rules.levels) > 1:
        yield ("order", ""), texts["order"]
    yield ("name", ""), texts["name" if policy.name_required else "no_name"]
    ignored = [words.factors[word].name[language] for word, bit in rules.bits.items() if not rules.accepted & bit]
    if ignored:
        yield ("ignored", ""), texts["ignored"].format(factors=listed(ignored, WORDS[language]["and"]))


def _actions(policy: Policy, language: Language) -> Iterator[tuple[tuple[str, str], str]]:
    for category, record in policy.vocabulary.categories.items():
        text = TEXTS[language]["action" if category in policy.actions.of(record.kind) else "unnamed"]
        action, level = record.name[language], level_name(policy.level_of(category), language)
        yield ("action", category), text.format(action=action[0].upper() + action[1:], level=level)


def _read_outs(policy: Policy, language: Language) -> Iterator[tuple[tuple[str, str], str]]:
    for level in policy.levels:
        # What is done, and not said, cannot be read out.
        said = [record for record in policy.vocabulary.factors.values() if record.looks_like]
        names = [record.name[language] for record in said if policy.read_out_level(record.id) == level]
        if names:
            factors = listed(names, WORDS[language]["and"])
            yield (
                ("read_out", level),
                TEXTS[language]["read_out"].format(level=level_name(level, language), factors=factors),
            )


def warnings(policy: Policy, language: Language) -> Iterator[tuple[tuple[str, str], str]]:
    """A sentence for each factor that is looked for in vain, and each level that weak factors meet, with their keys."""
    texts, words = TEXTS[language], policy.vocabulary
    for word in _unused_factors(policy):
        yield ("factors", word.id), texts["unused"].format(name=word.name, id=word.id)
    for name, level in policy.levels.items():
        weak = [factors for factors in level.any_of if all(policy.strength(factor) == "weak" for factor in factors)]
        if not weak:
            continue
        sets = sets_in_words(weak, language, words)
        yield ("levels", name), texts["weak_sets"].format(level=level_name(name, language), sets=sets)
        opened = [
            word.name[language] for category, word in words.categories.items() if policy.level_of(category) == name
        ]
        if opened:
            yield ("levels", name), texts["opens"].format(actions=listed(opened, WORDS[language]["and"]))


def _unused_factors(policy: Policy) -> tuple[OwnWord, ...]:
    """The policy's own factors that no level names, and that nothing says are there to be guarded alone.

    What they are still good for: one that is read out early is a leak, and an own `read_out` shows that this is meant.
    """
    named = {factor for level in policy.levels.values() for factors in level.any_of for factor in factors}
    return tuple(
        word
        for word in policy.own_words
        if word.is_factor and word.id not in named and policy.factors[word.id].read_out is None
    )


def permission_in_words(accepted: Sequence[str], language: Language) -> str:
    """What would let a third party act, where the policy accepts this."""
    texts = WORDS[language]
    return listed([texts[permission] for permission in accepted], texts["or"]) if accepted else texts["never"]


def listed(words: Sequence[str], joint: str) -> str:
    """`a, b or c`."""
    return f" {joint} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def sets_in_words(sets: Iterable[Collection[str]], language: Language, words: Vocabulary = KNOWN_WORDS) -> str:
    """Sets of factors, any one of which is enough: `PIN or date of birth + customer number`."""
    order = {factor: place for place, factor in enumerate(words.factors)}
    ordered = (sorted(factors, key=lambda factor: order.get(factor, len(order))) for factors in sets)
    names = [" + ".join(name_of(factor, language, words) for factor in factors) for factors in ordered]
    return listed(names, WORDS[language]["or"])
