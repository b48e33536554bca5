"""What `turnwise` asks a model, for benchmarks that put it to engines themselves."""

from collections.abc import Sequence

from ausweis.calls import Call
from ausweis.engines.protocol import Engine, Request, Transcript
from ausweis.prompts import default_library
from ausweis.reading.asking import TranscriptAsking, WindowAsking
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.strategies import TRANSCRIPT_TEMPLATE, TURN_TEMPLATES, probe_for


def questions(call: Call) -> list[Request]:
    """The turns of a call in windows, as a model without a probe is asked."""
    library = default_library()
    turns = {speaker: library.get(name) for speaker, name in TURN_TEMPLATES.items()}
    return WindowAsking(turns, library.get("call-start")).requests(call, spoken_chunks(call))


def transcripts(engine: Engine, calls: Sequence[Call]) -> list[Transcript]:
    """The calls as the probe of the engine's model reads them; none where it has no probe."""
    library = default_library()
    template = library.get(TRANSCRIPT_TEMPLATE)
    probe = probe_for(template, engine)
    if probe is None:
        return []
    asking = TranscriptAsking(template, probe, library.get("call-start"))
    return [asking.transcript(call, spoken_chunks(call)) for call in calls]
