"""What happened in a call: its violations and incidents as people are shown them, the worst first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from ausweis.judging.harm import Found, found_of
from ausweis.judging.sentences import incident_sentence, violation_sentence
from ausweis.judging.verdict import Evidence
from ausweis.views.advice import Advice, advice, incident_advice
from ausweis.views.masks import CallMask, JudgedCall
from ausweis.views.words import Words, clock
from ausweis.vocabulary import Severity

__all__ = ["Finding", "Quote", "findings_of"]

LONGEST = 400
"""Letters of a sentence about an incident."""


class Quote(NamedTuple):
    """Words of a turn, masked."""

    turn: int
    text: str


@dataclass(frozen=True)
class Finding:
    """A violation or an incident at a turn. `name`: its type or id, `title`: the same in words; `start` in seconds.

    `why`: what was missing, or what happened; `should`: what would have been right, where the agent could; empty where
    a finding before it at the same turn says so. `cause`: the same for one rule broken again and again. `state`: what
    people say of it, or of the call where that is open.
    """

    incident: bool
    name: str
    title: str
    severity: Severity
    turn: int
    start: float | None
    action: str | None
    quotes: tuple[Quote, ...]
    why: str
    should: str = ""
    cause: tuple[str, str] = ("", "")
    state: str = "open"

    @property
    def at(self) -> str:
        """When it is, as minutes and seconds."""
        return clock(self.start)

    @property
    def key(self) -> tuple[bool, str, int]:
        """What reviewers say it is, or is not."""
        return self.incident, self.name, self.turn

    @property
    def grade(self) -> Severity | None:
        """The severity as pages show it; of an incident that reviewers added nobody knows any."""
        return None if self.incident and self.state == "added" else self.severity

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts by harm, the gravest first."""
        return Found(self.name, self.severity, self.turn, self.incident).rank

    @property
    def moment(self) -> tuple[int, str]:
        """The same for all rules that are broken at one turn, while each incident is one of its own."""
        return self.turn, self.name if self.incident else ""


def findings_of(judged: JudgedCall, words: Words, mask: CallMask) -> list[Finding]:
    """In order of harm: the gravest moment first, then by turn; of what happened at one moment, the gravest first."""
    advised = [*_violations(judged, words, mask), *_incidents(judged, words, mask)]
    causes = [one.cause for one in found_of(judged.verdict)]
    advised = [(replace(one, cause=cause), right) for (one, right), cause in zip(advised, causes, strict=True)]
    gravest: dict[tuple[int, str], tuple[int, int]] = {}
    for finding, _ in advised:
        gravest[finding.moment] = min(gravest.get(finding.moment, finding.rank), finding.rank)

    def by_harm(one: tuple[Finding, Advice]) -> tuple[object, ...]:
        finding, _ = one
        return gravest[finding.moment], finding.moment, finding.rank

    return list(_said_once(sorted(advised, key=by_harm), words))


def _said_once(advised: Iterable[tuple[Finding, Advice]], words: Words) -> Iterator[Finding]:
    """The findings with their advice; what an earlier one has said already is not said again."""
    turns: dict[str, int] = {}
    instead: set[str] = set()
    for finding, right in advised:
        turn = turns.get(right.text)
        if turn is None:
            should = right._replace(instead="" if right.instead in instead else right.instead).whole
        else:
            should = words.text("advice_as", turn=turn) if right.text and turn != finding.turn else ""
        turns.setdefault(right.text, finding.turn)
        instead.add(right.instead)
        yield replace(finding, should=should)


def _violations(judged: JudgedCall, words: Words, mask: CallMask) -> Iterator[tuple[Finding, Advice]]:
    for violation in judged.verdict.violations:
        finding = Finding(
            incident=False,
            name=violation.type,
            title=words.word(violation.type),
            severity=violation.severity,
            turn=violation.turn,
            start=_start(judged, violation.turn, violation.evidence),
            action=violation.action,
            quotes=_quotes(violation.evidence, mask),
            why=violation_sentence(violation, words.language, judged.verdict.vocabulary),
        )
        yield finding, advice(violation, judged.verdict, words)


def _incidents(judged: JudgedCall, words: Words, mask: CallMask) -> Iterator[tuple[Finding, Advice]]:
    for incident in judged.verdict.incidents:
        finding = Finding(
            incident=True,
            name=incident.id,
            title=words.word(incident.id),
            severity=incident.severity,
            turn=incident.turn,
            start=_start(judged, incident.turn, incident.evidence),
            action=None,
            quotes=_quotes(incident.evidence, mask),
            why=mask.text(incident_sentence(incident, words.language)[:LONGEST]),
        )
        yield finding, incident_advice(incident, words)


def _quotes(evidence: Iterable[Evidence], mask: CallMask) -> tuple[Quote, ...]:
    said = dict.fromkeys((part.turn, part.quote) for part in evidence if part.quote)
    return tuple(Quote(turn, mask.quote(quote, turn)) for turn, quote in said)


def _start(judged: JudgedCall, turn: int, evidence: Iterable[Evidence]) -> float | None:
    """When the turn begins: as the evidence says, else as the call does."""
    told = next((part.start for part in evidence if part.turn == turn and part.start is not None), None)
    if told is not None or judged.call is None or not 1 <= turn <= len(judged.call.turns):
        return told
    return judged.call.turn(turn).start
