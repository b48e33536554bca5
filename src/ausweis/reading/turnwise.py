"""Strategy `turnwise`: every turn is asked a closed question; the answers become events with turn and quote.

The quote is the turn itself, or the sentences of a long turn that were asked about: it is taken from the transcript,
never from the model, so it always stands there. What code knows to be impossible is taken away (`plausible`).
"""

from collections.abc import Mapping

from ausweis.calls.call import Call
from ausweis.engines.protocol import Engine
from ausweis.engines.reader_calibration import ReaderCalibration
from ausweis.facts import Event, Facts
from ausweis.provenance import PromptProvenance
from ausweis.reading import defects
from ausweis.reading.asides import outspoken, without_asides
from ausweis.reading.asking import Asking
from ausweis.reading.chunks import Chunk, spoken_chunks
from ausweis.reading.incidents import IncidentReader
from ausweis.reading.kept import MENTIONED, ORDER, once_a_turn
from ausweis.reading.labels import STARTS_LATE, VERBS, Possible, possible_events
from ausweis.reading.own_labels import own_events, own_labels
from ausweis.reading.plausible import plausible
from ausweis.reading.reader import Reading, prompts_of
from ausweis.reading.unsure import doubts
from ausweis.spoken import digits_in
from ausweis.vocabulary import with_own

__all__ = ["TurnwiseReader"]


class TurnwiseReader:
    """Asks about each chunk of a turn, and about the beginning of the call where the answers do not tell of it."""

    strategy = "turnwise"

    def __init__(
        self,
        engine: Engine,
        asking: Asking,
        incidents: IncidentReader | None = None,
        calibration: ReaderCalibration | None = None,
    ) -> None:
        """`incidents` are looked for besides, where the policy asks for some. `calibration`: of this way of asking."""
        self._engine = engine
        self._asking = asking
        self._incidents = incidents
        self._calibration = calibration
        self._own_labels = own_labels(asking.words)
        self._vocabulary = with_own(asking.words)

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The templates, and what was learned for them, such as `id:probe`."""
        incidents = () if self._incidents is None else self._incidents.prompts
        return (*self._asking.prompts, *prompts_of(self._calibration), *incidents)

    @property
    def factors(self) -> frozenset[str]:
        """Those of the labels that were learned, or that the templates have."""
        return self._asking.factors

    def read(self, call: Call) -> Reading:
        """Ask about all turns of one call."""
        chunks = spoken_chunks(call)
        answers, tokens = self._asking.ask(self._engine, call, chunks)
        bare = list(map(without_asides, chunks))
        for place in range(max(map(len, bare), default=0)):
            lines = [
                texts[min(place, len(texts) - 1)] if texts else chunk for chunk, texts in zip(chunks, bare, strict=True)
            ]
            without, again = self._asking.ask(self._engine, call, lines)
            answers, tokens = list(map(outspoken, answers, without)), tokens + again
        late = answers[0].get(STARTS_LATE, 0.0) if answers else 0.0
        events: list[Event] = []
        said = ""
        for chunk, answer in zip(chunks, answers, strict=True):
            events += self._events(call, chunk, answer, said)
            if chunk.speaker == "caller":
                said += digits_in(chunk.text)
        mentions, more = ((), 0) if self._incidents is None else self._incidents.read(call)
        facts = Facts(
            call_id=call.id,
            turns=len(call.turns),
            events=once_a_turn(events),
            defects=defects.defects_in(call, late),
            incidents=mentions,
            looked_for=() if self._incidents is None else self._incidents.looked_for,
            asked_words=self._asking.words,
            calibration=self._calibration and self._calibration.risk,
            **doubts(call),
        )
        return Reading(facts, tokens + more)

    def _events(self, call: Call, chunk: Chunk, answer: Mapping[str, float], said: str) -> list[Event]:
        start, end = chunk.times(call)
        events = [
            Event(
                kind=possible.kind,
                subject=possible.subject,
                turn=chunk.turn,
                quote=chunk.text,
                start=start,
                end=end,
                probability=round(possible.probability, 4),
            )
            for possible in self._possible(answer)
            if possible.probability >= MENTIONED and plausible(possible, chunk.text, said, self._vocabulary.factors)
        ]
        return sorted(events, key=lambda event: ORDER.index(event.kind))

    def _possible(self, answer: Mapping[str, float]) -> list[Possible]:
        own = {own.label for own in self._own_labels}
        known = {label: probability for label, probability in answer.items() if label not in own}
        if own:
            # The verb is told of own words too, while the known ones were weighed beside them: each stands for itself.
            known |= {verb: _likeliest(known, verb) for verb in VERBS.keys() & known.keys()}
        return possible_events(known, exclusive=self._asking.exclusive) + own_events(answer, self._own_labels)


def _likeliest(answer: Mapping[str, float], verb: str) -> float:
    return max((probability for label, probability in answer.items() if label.startswith(f"{verb} ")), default=0.0)
