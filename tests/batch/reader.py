"""A small reader for tests: one closed question a turn, each answer an event's kind and subject.

Run as a script, it is the command line with this reader in the place of the real ones.
"""

from ausweis.calls import Call
from ausweis.engines.protocol import Engine, Message, Request
from ausweis.facts import Event, Facts
from ausweis.provenance import PromptProvenance
from ausweis.reading.defects import doubts
from ausweis.reading.questions import Reading
from ausweis.vocabulary import FACTORS, Factor

CHOICES = ("nothing", "gives name", "gives pin", "discloses contract_data", "changes payment_change")


class SmallReader:
    def __init__(self, engine: Engine, strategy: str = "turnwise") -> None:
        self._engine = engine
        self.strategy = strategy
        self.prompts = (PromptProvenance(id="agent-turn", version=1, sha256="a" * 64),)
        self.factors: frozenset[Factor] = frozenset(FACTORS)

    def read(self, call: Call) -> Reading:
        requests = [
            Request(messages=(Message(role="user", content=turn.text),), choices=CHOICES, template="agent-turn@1")
            for turn in call.turns
        ]
        results = self._engine.complete(requests)
        events = []
        for number, (turn, result) in enumerate(zip(call.turns, results, strict=True), start=1):
            kind, _, subject = result.text.partition(" ")
            if kind != "nothing":
                event = {"kind": kind, "subject": subject, "turn": number, "quote": turn.text[:60]}
                events.append(Event.model_validate({**event, "probability": max(result.probabilities)}))
        facts = Facts(call_id=call.id, turns=len(call.turns), events=tuple(events), **doubts(call))
        return Reading(facts, sum(result.evaluated_tokens for result in results))


def open_small_reader(strategy: str, engine: Engine, *_: object, **__: object) -> SmallReader:
    return SmallReader(engine, strategy)


if __name__ == "__main__":
    import ausweis.reading
    from ausweis.__main__ import main

    setattr(ausweis.reading, "open_reader", open_small_reader)  # noqa: B010
    main()
