"""What verdicts of recordings are worth beside those of the written calls. Shares with Wilson's interval."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from benchmarks.recordings.judging import Judged

from ausweis.evals.metrics.estimate import share
from ausweis.vocabulary import Language

Verdict = Mapping[str, Any] | None


def outcomes_of(judged: Sequence[Judged]) -> dict[str, Any]:
    """The numbers of all calls, and of each language: `{"all": …, "de": …, "en": …}`."""
    groups = {"all": list(judged)}
    for language in get_args(Language):
        groups[language] = [one for one in judged if one.call.language == language]
    return {name: _numbers(group) for name, group in groups.items() if group}


def differences_of(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """The calls whose outcome is another one when they are heard, with what the verdict asks to be looked at for."""
    return [
        {
            "call": one.call.id,
            "heard": _outcome(one.heard),
            "written": _outcome(one.written),
            "gold": one.call.labelled.gold.outcome,
            "review": _reasons(one.heard),
        }
        for one in judged
        if _outcome(one.heard) != _outcome(one.written)
    ]


def _numbers(judged: Sequence[Judged]) -> dict[str, Any]:
    """A call that could not be heard or judged has no outcome: it is not the same, and no violation is found in it."""
    heard, written = [one.heard for one in judged], [one.written for one in judged]
    looked_at = _looked_at(heard), _looked_at(written)
    return {
        "calls": len(judged),
        "not_judged": sum(one.heard is None or one.written is None for one in judged),
        "same": share(sum(_outcome(one.heard) == _outcome(one.written) for one in judged), len(judged)).model_dump(),
        "false_alarms": _false_alarms([one for one in judged if _gold(one) not in ("violation", None)]),
        "missed": _missed([one for one in judged if _gold(one) == "violation"]),
        "review": {
            "heard": share(looked_at[0], len(judged)).model_dump(),
            "written": share(looked_at[1], len(judged)).model_dump(),
            "ratio": looked_at[0] / looked_at[1] if looked_at[1] else None,
        },
        "reasons": {"heard": _counted(heard), "written": _counted(written)},
    }


def _false_alarms(clean: Sequence[Judged]) -> dict[str, int]:
    """Violations found in calls that are none. `beyond`: found in the recording alone."""
    heard = {one.call.id for one in clean if _outcome(one.heard) == "violation"}
    written = {one.call.id for one in clean if _outcome(one.written) == "violation"}
    return {"calls": len(clean), "heard": len(heard), "written": len(written), "beyond": len(heard - written)}


def _missed(broken: Sequence[Judged]) -> dict[str, int]:
    """Violations that were not found. `beyond`: found in the text, and not in the recording."""
    heard = {one.call.id for one in broken if _outcome(one.heard) != "violation"}
    written = {one.call.id for one in broken if _outcome(one.written) != "violation"}
    return {"calls": len(broken), "heard": len(heard), "written": len(written), "beyond": len(heard - written)}


def _gold(one: Judged) -> str | None:
    return one.call.labelled.gold.outcome


def _outcome(verdict: Verdict) -> str | None:
    return verdict["outcome"] if verdict else None


def _looked_at(verdicts: Sequence[Verdict]) -> int:
    return sum(bool(verdict and verdict["needs_review"]) for verdict in verdicts)


def _reasons(verdict: Verdict) -> list[str]:
    return [reason["code"] for reason in verdict["review_reasons"]] if verdict else []


def _counted(verdicts: Sequence[Verdict]) -> dict[str, int]:
    return dict(Counter(reason for verdict in verdicts for reason in _reasons(verdict)).most_common())
