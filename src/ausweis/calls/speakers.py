"""Speaker labels of transcripts: which of them is the agent, which the caller."""

import re
from collections.abc import Mapping, Sequence
from typing import cast, get_args

from ausweis.calls.text import shape
from ausweis.errors import CallFormatError, InputError
from ausweis.vocabulary import Speaker

__all__ = ["LABELS", "Speakers"]

_AGENT = """agent agentin advisor adviser representative rep operator assistant support service kundenservice
    kundenbetreuer kundenbetreuerin kundenberater kundenberaterin berater beraterin mitarbeiter mitarbeiterin
    servicemitarbeiter servicemitarbeiterin sachbearbeiter sachbearbeiterin hotline callcenter call-center csr"""
_CALLER = """caller customer client user anrufer anruferin kunde kundin anrufende anrufender kundschaft"""

LABELS: Mapping[str, Speaker] = {
    **dict.fromkeys(_AGENT.split(), "agent"),
    **dict.fromkeys(_CALLER.split(), "caller"),
    "end_user": "caller",
    "unknown": "unknown",
    "unbekannt": "unknown",
}
"""The labels that are known without being told, in lower case."""

_GENDERED = re.compile(r"[*:_/(-]+in(?:nen)?\)?$")
_NUMBERED = re.compile(r"[ _-]*\d{1,3}$")
_BRACKETED = re.compile(r"\s*\([^()]*\)$")
_CHANNEL = re.compile(r"ch_\d{1,3}", re.ASCII)
_MACHINES = re.compile(r"(?:speaker|spk|sprecher(?:in)?|channel|kanal|ch)(?:[ _-]?(?:\d{1,3}|[a-z]))?", re.ASCII | re.I)
"""Labels that programs give, `SPEAKER_01`: they may stand in a message. Any other may be somebody's name."""
_LONGEST = 100
"""Characters of a label that is known by its stem."""


def _key(label: str) -> str:
    return " ".join(label.casefold().split())


class Speakers:
    """The table of labels, with the user's own on top.

    Upper and lower case are the same. `Agent 2`, `Agent (Frau Klein)` and `Mitarbeiter*in` are found by their stem,
    unless the user maps them whole. Channels `ch_0` and `ch_1` are agent and caller; a user who maps one of them to
    one side has said that the other channel is the other side.

    Raises:
        InputError: the user maps a label to something that is no speaker, or maps an empty label.
    """

    def __init__(self, own: Mapping[str, str] | None = None) -> None:
        self._own: dict[str, Speaker] = {}
        for label, speaker in (own or {}).items():
            if speaker not in get_args(Speaker):
                raise InputError(f"a speaker label ({shape(label)}) must be mapped to agent, caller or unknown")
            if not _key(label):
                raise InputError("a speaker label that is mapped must not be empty")
            self._own[_key(label)] = cast("Speaker", speaker)
        self._channels = self._by_channel()

    def _by_channel(self) -> dict[str, Speaker]:
        mapped = {label: speaker for label, speaker in self._own.items() if label in ("ch_0", "ch_1")}
        if len(mapped) != 1 or "unknown" in mapped.values():
            return {"ch_0": "agent", "ch_1": "caller", **mapped}
        (label, speaker), other = next(iter(mapped.items())), {"ch_0": "ch_1", "ch_1": "ch_0"}
        opposite: Speaker = "agent" if speaker == "caller" else "caller"
        return {label: speaker, other[label]: opposite}

    def find(self, label: str) -> Speaker | None:
        """Who speaks under this label; None where nobody knows."""
        key = _key(label)
        if key in self._own:
            return self._own[key]
        if _CHANNEL.fullmatch(key):
            return self._channels.get(key)
        if len(key) > _LONGEST:
            return None
        for stem in (key, _BRACKETED.sub("", key), _GENDERED.sub("", key), _NUMBERED.sub("", key)):
            speaker = self._own.get(stem) or LABELS.get(stem)
            if speaker:
                return speaker
        return None

    def resolve(
        self, labels: Sequence[str | None], place: str, call_id: str | None = None, lines: Sequence[int] = ()
    ) -> list[Speaker]:
        """The speaker of each turn's label; no label (None or blank) is `unknown`. `lines`: where each stands.

        Raises:
            CallFormatError: labels that are not known; it says where they stand, and how to map them.
        """
        speakers: list[Speaker] = []
        unknown: dict[str, str] = {}
        known: dict[str, Speaker | None] = {}
        for index, label in enumerate(labels):
            if label is None or not label.strip():
                speakers.append("unknown")
                continue
            if label not in known:
                known[label] = self.find(label)
            speaker = known[label]
            if speaker is None:
                unknown.setdefault(label.strip(), f"in line {lines[index]}" if lines else f"of turn {index + 1}")
            speakers.append(speaker or "unknown")
        if unknown:
            raise CallFormatError(_unknown_labels(unknown), place=place, call_id=call_id)
        return speakers


def _unknown_labels(places: Mapping[str, str]) -> str:
    """`places`: where each label stands first."""
    labels = list(places)
    named = ", ".join(f"{_shown(label)} {places[label]}" for label in labels[:5])
    more = f" and {len(labels) - 5} more" if len(labels) > 5 else ""
    example = labels[0] if _MACHINES.fullmatch(labels[0]) else "LABEL"
    example = f'"{example}"' if " " in example else example
    what = "the speaker label is not known" if len(labels) == 1 else "speaker labels are not known"
    return f"{what}: {named}{more}; say who it is with --speaker {example}=agent or --speaker {example}=caller"


def _shown(label: str) -> str:
    return f"'{label}'" if _MACHINES.fullmatch(label) else f"({shape(label)})"
