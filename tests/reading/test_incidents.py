"""Critical incidents: whose words are looked at, what is asked, and where a wrong price was named."""

from collections.abc import Callable, Sequence

import pytest
from tests.probes import by_chance, matcher_by_chance

from ausweis.calls.call import Call
from ausweis.engines.matcher import Matcher
from ausweis.engines.protocol import Request, Result, Transcript
from ausweis.errors import PromptError
from ausweis.facts import OneSided
from ausweis.prompts import Library
from ausweis.provenance import ModelProvenance
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.incidents import IncidentQuestion, IncidentReader, Learned, named_before
from ausweis.vocabulary import INCIDENTS

LABELS = tuple(record.label for record in INCIDENTS.values())


class Told:
    """Answers each request with what a table says of the words of its last line; else with nothing."""

    calls_at_once = 1
    info = ModelProvenance(id="m", sha256="1" * 64, engine="none", context_tokens=8192)

    def __init__(self, table: dict[str, dict[str, float]]) -> None:
        self.table = table
        self.asked: list[Request] = []
        self.read_once: list[Transcript] = []

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        self.asked += requests
        return [self._answer(request) for request in requests]

    def read(self, transcript: Transcript) -> list[Result]:
        self.read_once.append(transcript)
        return [self._answer(request) for request in transcript.requests()]

    def _answer(self, request: Request) -> Result:
        last = request.messages[-1].content.rstrip().splitlines()[-1]
        told = next((answer for words, answer in self.table.items() if words in last), {})
        return Result(text="", probabilities=tuple(told.get(one, 0.0) for one in request.choices), evaluated_tokens=1)

    def close(self) -> None: ...


def reader(
    engine: Told, library: Library, *wanted: IncidentQuestion, learned: bool = True, matcher: Matcher | None = None
) -> IncidentReader:
    probe = by_chance(LABELS, (10, 20), 6) if learned else None
    template = library.get("incidents")
    return IncidentReader(engine, wanted, library.get("incident"), Learned(template, probe, matcher))


def test_known_kinds_are_read_from_the_side_that_they_belong_to(call: Callable[..., Call], library: Library) -> None:
    both = {"cancel threat": 0.9, "rude agent": 0.8}
    engine = Told({"Dann bin ich weg": both, "Tun Sie das": both})
    found, tokens = reader(engine, library, IncidentQuestion("cancel_threat"), IncidentQuestion("rude_agent")).read(
        call("caller: Dann bin ich weg.", "agent: Tun Sie das ruhig, Sie Held.")
    )
    assert [(one.id, one.turn, one.quote) for one in found] == [
        ("cancel_threat", 1, "Dann bin ich weg."),
        ("rude_agent", 2, "Tun Sie das ruhig, Sie Held."),
    ]
    assert tokens == 2
    assert (len(engine.read_once), engine.asked) == (1, [])


def test_a_description_is_asked_of_the_lines_of_its_speaker(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"zwei Monate": {"yes": 0.7, "no": 0.3}})
    wanted = IncidentQuestion(description="Der Agent nennt eine falsche Frist.", speaker="agent")
    asking = reader(engine, library, wanted)
    (one,), _ = asking.read(call("caller: Welche Frist?", "agent: Das sind zwei Monate."))
    assert (one.description, one.speaker, one.turn, one.probability) == (wanted.description, "agent", 2, 0.7)
    assert asking.looked_for == (OneSided(description="Der Agent nennt eine falsche Frist.", speaker="agent"),)
    (request,) = engine.asked
    assert "Incident: Der Agent nennt eine falsche Frist." in request.messages[-1].content


def test_a_description_without_a_speaker_is_asked_of_both_sides(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"Frist": {"yes": 0.7, "no": 0.3}})
    asking = reader(engine, library, IncidentQuestion(description="Eine Frist fällt."), IncidentQuestion("rude_agent"))
    found, _ = asking.read(call("caller: Welche Frist?", "agent: Die Frist sind zwei Monate."))
    assert [one.speaker for one in found] == ["caller", "agent"]
    assert asking.looked_for == ("rude_agent", "Eine Frist fällt.")


def test_without_a_probe_every_kind_is_asked_by_description(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"Anwalt": {"yes": 0.9, "no": 0.1}})
    asking = reader(engine, library, IncidentQuestion("lawyer_threat"), learned=False)
    (one,), _ = asking.read(call("agent: Nein.", "caller: Dann klärt das mein Anwalt."))
    assert (one.id, one.turn) == ("lawyer_threat", 2)
    assert [stamp.id for stamp in asking.prompts] == ["incident"]


@pytest.mark.parametrize("learned", [True, False])
def test_a_matcher_tells_descriptions_in_the_same_reading(
    call: Callable[..., Call], library: Library, learned: bool
) -> None:
    wrong, weather = "Der Agent nennt eine falsche Frist.", "Jemand spricht vom Wetter."
    engine = Told({"zwei Monate": {wrong: 0.7, weather: 0.01}, "regnet": {wrong: 0.9, weather: 0.8, "rude agent": 0.6}})
    wanted = [IncidentQuestion(description=wrong, speaker="agent"), IncidentQuestion(description=weather)]
    if learned:
        wanted.append(IncidentQuestion("rude_agent"))
    matcher = matcher_by_chance((10, 20), 6)
    asking = reader(engine, library, *wanted, learned=learned, matcher=matcher)
    found, _ = asking.read(call("caller: Es regnet. Welche Frist?", "agent: Das sind zwei Monate."))
    assert [(one.description, one.speaker, one.turn, one.probability) for one in found] == [
        (weather, "caller", 1, 0.8),
        (wrong, "agent", 2, 0.7),
    ]
    (transcript,) = engine.read_once
    assert len(transcript.rows) == len(transcript.probes) == 2
    assert [one.rows for one in transcript.compared] == [(f"agent: {wrong}",), (f"agent: {weather}",)]
    stamps = ["incidents", *(["incidents:probe"] if learned else []), "incidents:matcher"]
    assert [stamp.id for stamp in asking.prompts] == stamps
    assert set(asking.looked_for) == {one.asked for one in wanted}


def test_probe_and_matcher_of_different_layers_are_refused(library: Library) -> None:
    wanted = IncidentQuestion("rude_agent"), IncidentQuestion(description="Jemand spricht vom Wetter.")
    with pytest.raises(PromptError, match="different layers"):
        reader(Told({}), library, *wanted, matcher=matcher_by_chance((10, 21), 6))


def test_a_wrong_price_is_at_the_turn_that_named_it(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"Stimmt": {"wrong terms": 0.8}})
    (one,), _ = reader(engine, library, IncidentQuestion("wrong_terms")).read(
        call(
            "agent: Die Anfahrt kostet fünfzig Euro.",
            "agent: Der Techniker käme am achten.",
            "caller: Im Internet steht für die Anfahrt neunundsiebzig.",
            "agent: Stimmt, die Anfahrt sind neunundsiebzig.",
        )
    )
    assert one.turn == 1
    assert one.shown is not None
    assert one.shown.turn == 4


def test_nothing_is_named_before_the_first_line(call: Callable[..., Call]) -> None:
    chunks = spoken_chunks(call("agent: Das sind zwei Euro.", "agent: Nein, drei."))
    assert named_before(chunks, chunks[0]) is None
    assert named_before(chunks, chunks[1]) == chunks[0]


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("Die Frist ist ein Monat.", "Stimmt, drei Monate."),
        ("Das kostet hundert Euro.", "Sie haben recht, das war falsch."),
        ("Das ist kostenlos.", "Nein, fünf Euro, da steht es."),
    ],
)
def test_values_that_are_hardly_numbers(call: Callable[..., Call], named: str, shown: str) -> None:
    chunks = spoken_chunks(call("agent: Guten Tag.", f"agent: {named}", "caller: Hm.", f"agent: {shown}"))
    found = named_before(chunks, chunks[3])
    assert found is not None
    assert found.text == named


def test_what_is_hardly_likely_is_not_kept(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"Naja": {"rude agent": 0.04}})
    assert reader(engine, library, IncidentQuestion("rude_agent")).read(call("agent: Naja."))[0] == ()


@pytest.mark.parametrize("learned", [True, False])
def test_a_call_without_words_asks_nothing(call: Callable[..., Call], library: Library, learned: bool) -> None:
    engine = Told({})
    found, tokens = reader(engine, library, IncidentQuestion("rude_agent"), learned=learned).read(call("agent: "))
    assert (found, tokens, engine.asked) == ((), 0, [])
