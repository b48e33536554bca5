"""What a policy asks, in plain sentences: with a note of what no level names, and a warning of a known mistake.

The mistake: name and date of birth were enough, and a former partner knew both (BfDI 2019; LG Bonn 29 OWi 1/20).
"""

from collections.abc import Iterator

from ausweis.judging.incidents import describe
from ausweis.judging.policy import EXPECTED, Policy
from ausweis.judging.rules import Rules, rules_of
from ausweis.judging.sentences import AND, listed, permission_in_words, sets_in_words
from ausweis.vocabulary import SEVERITY_NAMES, Language, OwnWord, level_name

__all__ = ["explain", "opened_by", "unused_factors", "warnings", "weak_sets"]

TEXTS: dict[Language, dict[str, str]] = {
    "de": {
        "head": "{id}, Version {version}: {title}.",
        "own_factor": "Eigenes Merkmal: {name} ({id}, {strength}): {description}",
        "own_disclosure": "Eigene Auskunft: {name} ({id}): {description}",
        "own_change": "Eigene Änderung: {name} ({id}): {description}",
        "strong": "stark",
        "weak": "schwach",
        "level": "Die Stufe „{level}“ ist erreicht mit: {sets}.",
        "name": "Dazu wird immer der Name verlangt, außer wo der Anrufer vor dem Gespräch authentifiziert wurde.",
        "no_name": "Der Name des Anrufers wird nicht verlangt.",
        "ignored": "Nicht als Merkmal zählen: {factors}.",
        "action": "{action}: verlangt die Stufe „{level}“.",
        "unnamed": "{action}: im Regelwerk nicht genannt, verlangt darum die strengste Stufe, „{level}“.",
        "read_out": "Der Agent darf erst ab der Stufe „{level}“ selbst sagen: {factors}.",
        "third_party": "Für eine dritte Person muss dazukommen: {needs}.",
        "nobody": "Für eine dritte Person wird nichts gesagt und nichts getan.",
        "by_the_way": "Wer als Kontoinhaber nebenbei nach einem fremden Konto fragt, ist nur dafür eine dritte Person.",
        "attempts": "Abgelehnte Antworten, die erlaubt sind: {count}. Was danach genannt wird, zählt nicht.",
        "expected": "Gemeldet wird so, als verletzten {share} von 100 Anrufen dieses Regelwerk.",
        "order": "Wer eine Stufe erreicht, hat auch die vor ihr genannten erreicht.",
        "incident": "Gesucht wird auch (Schwere: {severity}): {description}",
        "unused": (
            "Hinweis: Keine Stufe nennt das eigene Merkmal {name} ({id}). Gesucht wird es trotzdem in jedem Anruf, das "
            "kostet Zeit: in einer Stufe nennen, mit read_out versehen, wenn es nur nicht vorgelesen werden soll, oder "
            "weglassen."
        ),
        "weak_sets": (
            "Warnung: Die Stufe „{level}“ ist ohne jedes starke Merkmal zu erreichen, mit: {sets}. Das wissen auch "
            "Menschen aus dem Umfeld des Kunden."
        ),
        "opens": "Warnung: Offen ist damit: {actions}.",
    },
    "en": {
        "head": "{id}, version {version}: {title}.",
        "own_factor": "A factor of its own: {name} ({id}, {strength}): {description}",
        "own_disclosure": "A disclosure of its own: {name} ({id}): {description}",
        "own_change": "A change of its own: {name} ({id}): {description}",
        "strong": "strong",
        "weak": "weak",
        "level": "The level {level} is met by: {sets}.",
        "name": "The name is always wanted besides, except where the caller was authenticated before the call.",
        "no_name": "The caller's name is not wanted.",
        "ignored": "No factors here: {factors}.",
        "action": "{action}: needs the level {level}.",
        "unnamed": "{action}: not named in the policy, and so needs the strictest level, {level}.",
        "read_out": "Only from the level {level} may the agent say: {factors}.",
        "third_party": "A third party needs besides: {needs}.",
        "nobody": "For a third party nothing is told and nothing is done.",
        "by_the_way": "An account holder who asks by the way about another's account is a third party for that alone.",
        "attempts": "{count} rejected answers are allowed; what is given after that does not count.",
        "expected": "Calls are flagged as if {share} of 100 broke this policy.",
        "order": "Whoever reaches a level has reached those named before it too.",
        "incident": "Also looked for (severity {severity}): {description}",
        "unused": (
            "Note: no level names the policy's own factor {name} ({id}). It is looked for in every call all the same, "
            "which takes time: name it in a level, give it read_out if it is only not to be read out, or leave it out."
        ),
        "weak_sets": (
            "Warning: the level {level} can be met without any strong factor, by: {sets}. People near the customer "
            "know these too."
        ),
        "opens": "Warning: this opens: {actions}.",
    },
}


def explain(policy: Policy, language: Language | None = None) -> tuple[str, ...]:
    """Sentences, one a line, in the policy's own language unless another is given; notes and warnings at the end."""
    spoken = language or policy.language
    rules = rules_of(policy)
    texts = TEXTS[spoken]
    head = texts["head"].format(id=policy.id, version=policy.version, title=policy.title.rstrip("."))
    return (
        head,
        *_own_words(policy, spoken),
        *_levels(policy, rules, spoken),
        *_actions(policy, spoken),
        *_read_outs(policy, spoken),
        _third_party(rules, spoken),
        texts["by_the_way"],
        texts["attempts"].format(count=policy.attempts),
        *_expected(policy, spoken),
        *(
            texts["incident"].format(severity=SEVERITY_NAMES[rule.severity][spoken], description=describe(rule, spoken))
            for rule in policy.incidents
        ),
        *(sentence for _, sentence in warnings(policy, spoken)),
    )


def _own_words(policy: Policy, language: Language) -> list[str]:
    texts = TEXTS[language]
    return [
        texts[f"own_{word.kind}"].format(
            name=word.name,
            id=word.id,
            strength=texts.get(word.strength or ""),
            description=f"{word.description.rstrip('.')}.",
        )
        for word in policy.own_words
    ]


def _third_party(rules: Rules, language: Language) -> str:
    texts, accepted = TEXTS[language], rules.third_party
    return texts["third_party"].format(needs=permission_in_words(accepted, language)) if accepted else texts["nobody"]


def _expected(policy: Policy, language: Language) -> list[str]:
    share = policy.expected_violations
    told = f"{round(100 * share, 4):g}".replace(".", "," if language == "de" else ".")
    return [] if share == EXPECTED else [TEXTS[language]["expected"].format(share=told)]


def weak_sets(policy: Policy, level: str) -> tuple[tuple[str, ...], ...]:
    """The sets of a level that hold no strong factor."""
    sets = policy.levels[level].any_of
    return tuple(factors for factors in sets if all(policy.strength(factor) == "weak" for factor in factors))


def unused_factors(policy: Policy) -> tuple[OwnWord, ...]:
    """The policy's own factors that no level names, and that nothing says are there to be guarded alone.

    What they are still good for: one that is read out early is a leak, and an own `read_out` shows that this is meant.
    """
    named = {factor for level in policy.levels.values() for factors in level.any_of for factor in factors}
    return tuple(
        word
        for word in policy.own_words
        if word.is_factor and word.id not in named and policy.factors[word.id].read_out is None
    )


def opened_by(policy: Policy, level: str) -> tuple[str, ...]:
    """The categories of action that this level is enough for."""
    return tuple(category for category in policy.vocabulary.categories if policy.level_of(category) == level)


def _levels(policy: Policy, rules: Rules, language: Language) -> list[str]:
    texts, words = TEXTS[language], rules.vocabulary
    lines = [
        texts["level"].format(
            level=level_name(level, language), sets=sets_in_words(map(rules.factors_in, sets), language, words)
        )
        for level, sets in zip(rules.levels, rules.sets, strict=True)
    ]
    if len(lines) > 1:
        lines.append(texts["order"])
    lines.append(texts["name" if policy.name_required else "no_name"])
    ignored = [words.factors[word].name[language] for word, bit in rules.bits.items() if not rules.accepted & bit]
    if ignored:
        lines.append(texts["ignored"].format(factors=listed(ignored, AND[language])))
    return lines


def _actions(policy: Policy, language: Language) -> list[str]:
    lines = []
    for category, record in policy.vocabulary.categories.items():
        text = TEXTS[language]["action" if category in policy.actions.of(record.kind) else "unnamed"]
        action = record.name[language]
        lines.append(
            text.format(action=action[0].upper() + action[1:], level=level_name(policy.level_of(category), language))
        )
    return lines


def _read_outs(policy: Policy, language: Language) -> list[str]:
    lines = []
    for level in policy.levels:
        # What is done, and not said, cannot be read out.
        said = [record for record in policy.vocabulary.factors.values() if record.looks_like]
        names = [record.name[language] for record in said if policy.read_out_level(record.id) == level]
        if names:
            lines.append(
                TEXTS[language]["read_out"].format(
                    level=level_name(level, language), factors=listed(names, AND[language])
                )
            )
    return lines


def warnings(policy: Policy, language: Language) -> Iterator[tuple[tuple[str, str], str]]:
    """A sentence for each factor that is looked for in vain, and each level that weak factors meet, with their keys."""
    texts, words = TEXTS[language], policy.vocabulary
    for word in unused_factors(policy):
        yield ("factors", word.id), texts["unused"].format(name=word.name, id=word.id)
    for level in policy.levels:
        weak = weak_sets(policy, level)
        if not weak:
            continue
        sets = sets_in_words(weak, language, words)
        yield ("levels", level), texts["weak_sets"].format(level=level_name(level, language), sets=sets)
        opened = [words.categories[category].name[language] for category in opened_by(policy, level)]
        if opened:
            yield ("levels", level), texts["opens"].format(actions=listed(opened, AND[language]))
