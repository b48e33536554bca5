"""What the strategy `events` asks a model about a short call, for tests with a real one."""

import copy
from typing import Any

from ausweis.calls.call import Call
from ausweis.engines.fake import FakeEngine
from ausweis.engines.protocol import Request
from ausweis.prompts import default_library
from ausweis.reading.call_events import EventsReader
from ausweis.reading.chunks import spoken_chunks


def asked_for_events(*lines: str, most: int = 2) -> Request:
    """About a call of lines such as `agent: Guten Tag.`; with few events, so that a model that runs away ends soon."""
    turns = [{"speaker": speaker, "text": text} for speaker, _, text in (line.partition(": ") for line in lines)]
    call = Call.model_validate({"id": "c1", "turns": turns})
    reader = EventsReader(FakeEngine([]), default_library().get("call-events"))
    request = reader.request(call, spoken_chunks(call))
    schema: dict[str, Any] = copy.deepcopy(dict(request.json_schema or {}))
    schema["properties"]["events"]["maxItems"] = most
    return request.model_copy(update={"json_schema": schema})
