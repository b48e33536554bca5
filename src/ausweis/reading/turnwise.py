"""Strategy `turnwise`: every turn is asked a closed question; the answers become events with turn and quote.

The quote is the turn itself, or the sentences of a long turn that were asked about: it is taken from the transcript,
never from the model, so it always stands there. What code knows to be impossible is taken away (`plausible`).
"""

from collections.abc import Mapping, Sequence

from ausweis.calls.call import Call
from ausweis.engines.protocol import Engine, Request, Result
from ausweis.engines.readout import Readout
from ausweis.prompts import Template
from ausweis.reading import defects
from ausweis.reading.facts import Event, EventKind, Facts
from ausweis.reading.labels import meaning, possible_events
from ausweis.reading.pieces import Piece, pieces_of, with_context
from ausweis.reading.plausible import plausible
from ausweis.reading.reader import PromptStamp, Reading

__all__ = ["MENTIONED", "TurnwiseReader"]

MENTIONED = 0.05
"""Events less likely than this are not kept."""

_ORDER: tuple[EventKind, ...] = (
    "speaks_for_other",
    "holder_joins",
    "gives",
    "pre_authenticated",
    "callback",
    "authorisation_found",
    "authorisation_missing",
    "accepts",
    "rejects",
    "reads_out",
    "discloses",
    "changes",
    "asks",
    "refuses",
)
"""Within one piece of a turn, what is said first as a rule."""


class TurnwiseReader:
    """Asks about each turn by the template of its speaker; a template's readout, if there is one, reads the answer."""

    strategy = "turnwise"

    def __init__(
        self,
        engine: Engine,
        templates: Mapping[str, Template],
        start: Template,
        readouts: Mapping[str, Readout] | None = None,
    ) -> None:
        """`templates` and `readouts` by speaker: `agent` and `caller`; `start` asks about the call's first lines."""
        self._engine = engine
        self._templates = templates
        self._start = start
        self._readouts = readouts or {}
        for labels in [one.labels for one in templates.values()] + [one.labels for one in self._readouts.values()]:
            for label in labels:
                meaning(label)

    @property
    def prompts(self) -> tuple[PromptStamp, ...]:
        """The templates, and their readouts as `id:readout`."""
        templates = (*self._templates.values(), self._start)
        stamps = [PromptStamp(one.id, one.version, one.sha256) for one in templates]
        for speaker, readout in self._readouts.items():
            template = self._templates[speaker]
            stamps.append(PromptStamp(f"{template.id}:readout", template.version, readout.sha256))
        return tuple(stamps)

    def read(self, call: Call) -> Reading:
        """Ask about all turns of one call."""
        pieces = self._pieces(call)
        questions = [*self._questions(call, pieces), defects.question(call, self._start)]
        *results, start = self._engine.complete(questions)
        events: list[Event] = []
        said: list[str] = []
        for piece, result in zip(pieces, results, strict=True):
            events += self._events(call, piece, result, said)
            if piece.speaker == "caller":
                said.append(piece.text)
        facts = Facts(
            call_id=call.id,
            turns=len(call.turns),
            events=_once_a_turn(events),
            defects=defects.found(call, start, self._start),
        )
        return Reading(facts, sum(result.evaluated_tokens for result in (*results, start)))

    def requests(self, call: Call) -> list[Request]:
        """The questions about a call, one a piece, in order."""
        return self._questions(call, self._pieces(call))

    def _pieces(self, call: Call) -> list[Piece]:
        return [piece for piece in pieces_of(call) if piece.speaker in self._templates]

    def _questions(self, call: Call, pieces: Sequence[Piece]) -> list[Request]:
        requests = []
        for piece, lines in with_context(pieces):
            template = self._templates[piece.speaker]
            requests.append(
                Request(
                    messages=template.render({"lines": [line._asdict() for line in lines]}, language=call.language),
                    choices=template.labels,
                    readout=self._readouts.get(piece.speaker),
                    template=template.name,
                )
            )
        return requests

    def _events(self, call: Call, piece: Piece, result: Result, said: Sequence[str]) -> list[Event]:
        readout = self._readouts.get(piece.speaker)
        labels = readout.labels if readout else self._templates[piece.speaker].labels
        answer = dict(zip(labels, result.probabilities, strict=True))
        turn = call.turn(piece.turn)
        found = [
            Event(
                kind=one.kind,
                subject=one.subject,
                turn=piece.turn,
                quote=piece.text,
                start=turn.start,
                end=turn.end,
                probability=round(one.probability, 4),
            )
            for one in possible_events(answer, exclusive=readout is None)
            if one.probability >= MENTIONED and plausible(one, piece.text, said)
        ]
        return sorted(found, key=lambda event: _ORDER.index(event.kind))


def _once_a_turn(events: list[Event]) -> tuple[Event, ...]:
    """Of the same event in several pieces of a turn, the likeliest."""
    best: dict[tuple[int, str, str | None], Event] = {}
    for event in events:
        key = (event.turn, event.kind, event.subject)
        if key not in best or event.probability > best[key].probability:
            best[key] = event
    kept = {id(event) for event in best.values()}
    return tuple(event for event in events if id(event) in kept)
