"""The policy that a call was judged by, in plain words."""

from functools import lru_cache
from typing import NamedTuple

from ausweis.judging.verdict import Verdict
from ausweis.pages.words import Words
from ausweis.policies import Policy
from ausweis.policies.explain import sentences
from ausweis.store import RunRow
from ausweis.vocabulary import Language

__all__ = ["Rule", "Rules", "rules_of"]

_ABOUT = {"unauthorised_third_party": "third_party", "factor_leaked": "read_out"}
"""Of violations, what in a policy they break, besides levels and actions."""


class Rule(NamedTuple):
    """One sentence; whether it concerns the call that is shown."""

    text: str
    concerns: bool = False


class Rules(NamedTuple):
    """A policy in words; `title` with its id and version."""

    title: str
    rules: tuple[Rule, ...]


def rules_of(run: RunRow, words: Words, verdict: Verdict | None = None) -> Rules | None:
    """The rules of a run's policy in the language of the page; None where the store does not have them.

    `verdict`: of a call whose levels and actions are marked; never while it is hidden. The macro `rules_of` of
    `rules.html.j2` shows what comes of it.
    """
    if run.rules is None:
        return None
    title = f"{run.policy_title or run.policy.id} ({run.policy.id} {run.policy.version})"
    about: set[tuple[str, str]] = set()
    if verdict is not None:
        about = {
            (kind, name) for one in verdict.actions for kind, name in (("level", one.level), ("action", one.category))
        }
    broken = {_ABOUT.get(one.type) for one in verdict.violations} if verdict else set()
    told = (Rule(text, key in about or key[0] in broken) for key, text in _told(run.rules, words.language))
    return Rules(title, tuple(told))


@lru_cache(maxsize=32)
def _told(rules: str, language: Language) -> tuple[tuple[tuple[str, str], str], ...]:
    """What a policy says, but for its name."""
    return tuple(sentences(Policy.model_validate_json(rules), language))[1:]
