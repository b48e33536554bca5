"""What a verdict says, as sentences in the reader's language. They quote nothing, unless told how to mask a quote."""

from collections.abc import Callable, Sequence
from typing import Any

from ausweis.facts import Facts
from ausweis.judging.evidence import EVENT_THRESHOLD, in_order, moments, speaking_of
from ausweis.judging.verdict import BadlyHeardReason, Check, HeardBadly, Incident, ReviewReason, Verdict, Violation
from ausweis.policies.explain import WORDS as OF_POLICIES
from ausweis.policies.explain import listed, permission_in_words, sets_in_words, texts_of
from ausweis.vocabulary import INCIDENTS, KNOWN_WORDS, Language, Vocabulary, level_name, name_of

SENTENCES = texts_of("ausweis.judging", "sentences")
"""By the code of the reason; codes of violations, checks and review are never the same."""
WORDS = texts_of("ausweis.judging", "words")
LONGEST_QUOTE = 80
Quoting = Callable[[str, int], str]
"""A quote of a turn as the reader may see it."""


def violation_sentence(violation: Violation, language: Language, words: Vocabulary = KNOWN_WORDS) -> str:
    """Why the rule is broken: what was missing. `words`: those of the verdict, which may name own ones."""
    # A leak has no action, and its sentence names none.
    category = words.categories.get(violation.action or "")
    action = category.noun(language) if category else name_of(violation.action or "", language)
    return _sentence(violation.reason, language, words, action=action, violation=name_of(violation.type, language))


def check_sentence(check: Check, language: Language) -> str:
    """Why the check has its result."""
    return _sentence(check.reason, language, KNOWN_WORDS)


def review_sentence(
    reason: ReviewReason, language: Language, words: Vocabulary = KNOWN_WORDS, quoting: Quoting | None = None
) -> str:
    """Why a person should look at the verdict; with `quoting`, at which words."""
    if isinstance(reason, BadlyHeardReason):
        return _sentence(reason, language, words, heard=_heard(reason.heard, language, words, quoting))
    return _sentence(reason, language, words)


def incident_sentence(incident: Incident, language: Language) -> str:
    """What the incident is: a known one in our words, a company's own in the words of its policy."""
    known = (record.sentence[language] for record in INCIDENTS.values() if record.id == incident.id)
    return next(known, incident.description or "")


def speaking_sentence(facts: Facts, verdict: Verdict, language: Language) -> str:
    """Who speaks for whom, since when; empty where it is never about another's account."""
    if verdict.authorisation.status == "not_needed":
        return ""
    shown = {(said.turn, said.quote) for violation in verdict.violations for said in violation.evidence}
    likely = in_order(e for e in facts.events if e.probability >= EVENT_THRESHOLD or (e.turn, e.quote) in shown)
    told = []
    for speaking in speaking_of(moments(likely))[1:]:
        turn = speaking.turn
        if speaking.other is not None:
            who = "other"
        elif speaking.before is not None:
            who = "holder"
        elif speaking.refused is not None:
            who, turn = "refused", speaking.refused.turn
        else:
            who = "self"
        told.append(WORDS[language][f"speaking_{who}"].format(turn=turn))
    return "; ".join(told)


def _sentence(reason: Any, language: Language, words: Vocabulary, **more: str) -> str:
    values = {name: _WORDS[name](value, language, words) if name in _WORDS else value for name, value in reason}
    return SENTENCES[language][reason.code].format(**{**values, **more})


def _heard(heard: Sequence[HeardBadly], language: Language, words: Vocabulary, quoting: Quoting | None) -> str:
    """`: PIN (“four seven”); name (no word understood)`; empty where no more than the turns is known."""
    texts, told = WORDS[language], []
    for place in heard:
        said = texts["no_word"] if place.quote is None else ""
        if place.quote and quoting is not None:
            quote = quoting(place.quote, place.turn)
            shortened = quote if len(quote) <= LONGEST_QUOTE else f"{quote[: LONGEST_QUOTE - 1].rstrip()}…"
            said = texts["quote"].format(shortened)
        about = name_of(place.about, language, words) if place.about else ""
        told.append(f"{about} ({said})" if about and said else about or said)
    told = [one for one in dict.fromkeys(told) if one]
    return f": {'; '.join(told)}" if told else ""


def _names(ids: Sequence[str], language: Language, words: Vocabulary) -> str:
    return listed([name_of(word, language, words) for word in ids], OF_POLICIES[language]["and"])


_WORDS: dict[str, Callable[[Any, Language, Vocabulary], str]] = {
    "missing": sets_in_words,
    "told": _names,
    "words": _names,
    "factor": name_of,
    "accepted": lambda accepted, language, words: permission_in_words(accepted, language),
    "turns": lambda turns, language, words: ", ".join(map(str, turns)),
    "level": lambda level, language, words: level_name(level, language),
    "confidence": lambda share, language, words: WORDS[language]["percent"].format(round(100 * share)),
}
"""How a value stands in a sentence, by its name; all others stand as they are."""
