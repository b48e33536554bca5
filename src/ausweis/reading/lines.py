"""Strategies `heads` and `turnwise`: a closed question about every line; the answers become events with turn and quote.

The quote is the turn itself, or the sentences of a long turn that were asked about: it is taken from the transcript,
never from the model, so it always stands there. What code knows to be impossible is taken away (`plausible`).
"""

from ausweis.calls.call import Call
from ausweis.engines.learned_index import ReaderCalibration
from ausweis.engines.protocol import Engine
from ausweis.facts import Event, Facts
from ausweis.provenance import PromptProvenance
from ausweis.reading.asking import Asking
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.defects import defects_in, doubts
from ausweis.reading.incidents import IncidentReader
from ausweis.reading.plain_words import plausible
from ausweis.reading.questions import (
    MENTIONED,
    ORDER,
    STARTS_LATE,
    Reading,
    answers_in,
    event_of,
    once_a_turn,
    own_questions,
    prompts_of,
)
from ausweis.spoken import digits_in
from ausweis.vocabulary import with_own


class LineReader:
    """Asks about each chunk of a turn, and about the beginning of the call where the answers do not tell of it.

    `strategy`: the name of the way of asking, `heads` or `turnwise`. `incidents` are looked for besides, where the
    policy asks for some. `calibration`: of this way of asking.
    """

    def __init__(
        self,
        engine: Engine,
        asking: Asking,
        strategy: str,
        incidents: IncidentReader | None = None,
        calibration: ReaderCalibration | None = None,
    ) -> None:
        self.strategy = strategy
        self._engine, self._asking, self._incidents, self._calibration = engine, asking, incidents, calibration
        self._own = own_questions(asking.words)
        self._factors = with_own(asking.words).factors

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
        late = answers[0].get(STARTS_LATE, 0.0) if answers else 0.0
        events: list[Event] = []
        said = ""
        for chunk, answer in zip(chunks, answers, strict=True):
            found = [
                event_of(call, one)
                for one in answers_in(chunk, answer, exclusive=self._asking.exclusive, own=self._own)
                if one.probability >= MENTIONED and plausible(one.question, chunk.text, said, self._factors)
            ]
            events += sorted(found, key=lambda event: ORDER.index(event.kind))
            if chunk.speaker == "caller":
                said += digits_in(chunk.text)
        mentions, more = ((), 0) if self._incidents is None else self._incidents.read(call)
        facts = Facts(
            call_id=call.id,
            turns=len(call.turns),
            events=once_a_turn(events),
            defects=defects_in(call, late),
            incidents=mentions,
            looked_for=() if self._incidents is None else self._incidents.looked_for,
            asked_words=self._asking.words,
            calibration=self._calibration and self._calibration.risk,
            **doubts(call),
        )
        return Reading(facts, tokens + more)
