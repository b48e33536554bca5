"""The numbers of one way to hear: word errors, values heard, the right speaker. Shares with Wilson's interval."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from benchmarks.recordings.material import Spoken
from benchmarks.recordings.ways import Heard
from benchmarks.recordings.word_errors import made_alike
from evals.lab.heard import KINDS, SaidValue, says, words_between

from ausweis.calls.call import Call, Turn
from ausweis.evals.metrics.estimate import share
from ausweis.vocabulary import Language


@dataclass(frozen=True)
class Found:
    """One value of one call, the words in its time, and whether they say it."""

    call: Spoken
    value: SaidValue
    heard: str
    right: bool


def scores_of(calls: Sequence[Spoken], heard: Heard, found: Sequence[Found]) -> dict[str, Any]:
    """All numbers of a way, as JSON. A call that failed counts as one of which nothing was heard."""
    told = any(turn.speaker != "unknown" for call in heard.calls.values() for turn in call.turns)
    return {
        "calls": len(calls),
        "failed": sorted(call.id for call in calls if call.id not in heard.calls),
        "other_language": sorted(
            call.id for call in calls if heard.languages.get(call.id, call.language) != call.language
        ),
        "wer": {language: _word_errors(calls, heard.calls, language) for language in get_args(Language)},
        "values": _shares(found),
        "values_by_language": {
            language: _shares([one for one in found if one.call.language == language])
            for language in get_args(Language)
        },
        "roles": _roles(calls, heard.calls) if told else None,
        "real_time": heard.real_time,
        "mib": heard.mib,
    }


def found_values(calls: Iterable[Spoken], heard: Mapping[str, Call]) -> list[Found]:
    """Each value of the calls, looked for where it was said."""
    found = []
    for call in calls:
        for value in call.values:
            speaker = call.labelled.call.turn(value.turns[0]).speaker
            text = words_between(heard.get(call.id), call.spans(value), speaker)
            found.append(Found(call, value, text, says(text, value, call.language)))
    return found


def errors_of(found: Iterable[Found]) -> list[dict[str, Any]]:
    """The values that were heard wrong, for people who improve hearing; those of numbers first."""
    wrong = [one for one in found if not one.right]
    return [
        {
            "call": one.call.id,
            "language": one.call.language,
            "kind": one.value.kind,
            "factor": one.value.factor,
            "said": one.value.value,
            "heard": one.heard,
            "spans": one.call.spans(one.value),
        }
        for one in sorted(wrong, key=lambda one: KINDS.index(one.value.kind))
    ]


def _shares(found: Sequence[Found]) -> dict[str, Any]:
    kinds = {kind: [one for one in found if one.value.kind == kind] for kind in KINDS}
    groups = {"all": list(found)} | {kind: ones for kind, ones in kinds.items() if ones}
    return {name: share(sum(one.right for one in ones), len(ones)).model_dump() for name, ones in groups.items()}


def _word_errors(calls: Sequence[Spoken], heard: Mapping[str, Call], language: Language) -> dict[str, Any]:
    """Errors of all calls of a language together, by the words that were said."""
    import jiwer

    said: list[str] = []
    wrote: list[str] = []
    for call in calls:
        if call.language == language:
            turns = heard[call.id].turns if call.id in heard else ()
            one, other = made_alike(_text(call.said), _text(turns), language)
            said.append(one)
            wrote.append(other)
    if not said:
        return {"value": None, "words": 0}
    out = jiwer.process_words(said, wrote)
    words = out.hits + out.substitutions + out.deletions
    return {
        "value": out.wer,
        "words": words,
        "substituted": out.substitutions,
        "left_out": out.deletions,
        "put_in": out.insertions,
    }


def _text(turns: Iterable[Turn]) -> str:
    return " ".join(turn.text for turn in turns)


def _roles(calls: Sequence[Spoken], heard: Mapping[str, Call]) -> dict[str, Any]:
    """The share of the turns that were said whose time is, for the most part, that of turns of the right speaker."""
    right = total = 0
    for call in calls:
        for turn in call.said:
            shares: dict[str, float] = {"agent": 0.0, "caller": 0.0, "unknown": 0.0}
            for found in heard[call.id].turns if call.id in heard else ():
                both = min(turn.end or 0.0, found.end or 0.0) - max(turn.start or 0.0, found.start or 0.0)
                shares[found.speaker] += max(0.0, both)
            total += 1
            right += shares[turn.speaker] > shares["caller" if turn.speaker == "agent" else "agent"]
    return share(right, total).model_dump()
