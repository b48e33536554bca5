"""Speaker labels of transcripts: which of them is the agent, which the caller.

A call may have more voices than two. A supervisor or a colleague of the agent is an `agent`; whoever cannot be told is
`unknown`, once the call has a known agent and a known caller.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast, get_args

from ausweis.calls.text import shape
from ausweis.errors import CallFormatError, InputError
from ausweis.vocabulary import Speaker

_AGENT = """agent agentin advisor adviser representative rep operator assistant support service kundenservice
    kundenbetreuer kundenbetreuerin kundenberater kundenberaterin berater beraterin mitarbeiter mitarbeiterin
    servicemitarbeiter servicemitarbeiterin sachbearbeiter sachbearbeiterin hotline callcenter call-center csr
    supervisor supervisorin teamleiter teamleiterin teamleitung teamlead team-lead teamleader vorgesetzter vorgesetzte
    kollege kollegin colleague manager managerin"""
_CALLER = """caller customer client user anrufer anruferin kunde kundin anrufende anrufender kundschaft"""

LABELS: Mapping[str, Speaker] = {
    **dict.fromkeys(_AGENT.split(), "agent"),
    **dict.fromkeys(_CALLER.split(), "caller"),
    "team lead": "agent",
    "team leader": "agent",
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
_WORD = re.compile(r"[^\W_][\w*/:-]*")
_TITLES = frozenset("frau herr dr prof mr mrs ms".split())
_INTRODUCED = re.compile(
    r"\b(?:mein name ist|ich heiße|sie sprechen mit|my name(?: is|'s)|you(?:'re| are) (?:speaking|talking) (?:to|with))"
    r"((?: [^\W\d_]+){1,4})"
)
"""How agents tell their names."""


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

    def by_role(self, label: str) -> Speaker | None:
        """As `find`; besides, a name beside the role of an agent, `Mitarbeiter/in Paulsen` or `Kim, Supervisor`."""
        if (known := self.find(label)) is not None or len(label) > _LONGEST:
            return known
        roles = set(map(self.find, _WORD.findall(label)))
        # "Customer Care" is no caller: a name beside the role of a caller is left open.
        return "agent" if "agent" in roles and "caller" not in roles else None

    def resolve(
        self,
        labels: Sequence[str | None],
        place: str,
        call_id: str | None = None,
        lines: Sequence[int] = (),
        texts: Sequence[str] = (),
    ) -> list[Speaker]:
        """The speaker of each turn's label; no label (None or blank) is `unknown`, and so is one that nobody knows.

        `lines`: where each stands; `texts`: what is said, in which an agent may tell a name that is a label.

        Raises:
            CallFormatError: labels are not known, and the known ones are not those of both an agent and a caller; it
                says where they stand, and how to map them.
        """
        speakers: list[Speaker] = []
        unknown: dict[str, str] = {}
        known: dict[str, Speaker | None] = {}
        for index, label in enumerate(labels):
            if label is None or not label.strip():
                speakers.append("unknown")
                continue
            if label not in known:
                known[label] = self.by_role(label)
            speaker = known[label]
            if speaker is None:
                unknown.setdefault(label.strip(), f"in line {lines[index]}" if lines else f"of turn {index + 1}")
            speakers.append(speaker or "unknown")
        if unknown and not {"agent", "caller"} <= set(speakers):
            raise CallFormatError(_unknown_labels(unknown), place=place, call_id=call_id)
        said = [text for speaker, text in zip(speakers, texts, strict=False) if speaker == "agent"] if unknown else []
        agents = _introduced(unknown, said)
        return [
            "agent" if label is not None and label.strip() in agents else speaker
            for label, speaker in zip(labels, speakers, strict=True)
        ]


def _introduced(labels: Iterable[str], said: Iterable[str]) -> set[str]:
    """The labels that an agent told as a name: `Paulsen, Nordfunk` is one after `Nordfunk, mein Name ist Paulsen`."""
    texts = [text.casefold() for text in said]
    told = [(set(_WORD.findall(" ".join(names))), text) for text in texts if (names := _INTRODUCED.findall(text))]
    turns = [(names, set(_WORD.findall(text))) for names, text in told]
    wordy = {label: set(_WORD.findall(label.casefold())) - _TITLES for label in labels}
    return {label for label, words in wordy.items() if any(words & names and words <= turn for names, turn in turns)}


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
