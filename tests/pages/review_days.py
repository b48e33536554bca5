"""A store with some days of calls: on the last one more violations than before, incidents, and hostile words."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.store.runs import make_call, write_run

from ausweis.calls.call import Call
from ausweis.store import Store

DAY = date(2026, 3, 2)
LOOKED_FOR = ("lawyer_threat",)
HOSTILE = "</p><script>document.title='ran'</script><img src=x onerror=alert(1)> {{ 7*7 }} \u202eedoc\u202c =1+1 | *x*"


def filled(folder: Path, *, calls: int = 20, before: int = 3, violations: int = 6) -> Store:
    """A store with runs of some days. Call 1 has an incident and hostile words, call 2 audio, call 12 is unsure."""
    store = Store.open(folder / "ausweis.sqlite")
    for back in range(before, 0, -1):
        day = DAY - timedelta(days=back)
        some = [_call(back * 1000 + number, day, pin=number != 0) for number in range(20)]
        write_run(store, some, started=f"{day}T20:00:00Z", looked_for=LOOKED_FOR)
    some = [_call(number, DAY, pin=number >= violations) for number in range(calls)]
    incidents = {}
    if calls > 1:
        turn = some[1].turn(1)
        evidence = {"turn": 1, "quote": turn.text, "start": turn.start, "end": turn.end}
        threat = {"id": "lawyer_threat", "turn": 1, "severity": "critical", "description": "", "probability": 0.9}
        incidents["call-1"] = [{**threat, "evidence": [evidence]}]
    audio = folder / "call 2 <b>.wav"
    audio.touch()
    heard = {"call-2": (audio,)} if calls > 2 else {}
    write_run(store, some, unsure=["call-12"], looked_for=LOOKED_FOR, incidents=incidents, audio=heard)
    return store


def _call(number: int, day: date, *, pin: bool) -> Call:
    words = f"{HOSTILE} " if number == 1 else ""
    more: dict[str, Any] = {"queue": "billing" if number % 2 else "<b>moving</b>", "agent": f"Agent {number % 4}"}
    return make_call(number, pin=pin, day=str(day), words=words, **more)
