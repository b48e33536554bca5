"""Critical incidents: whose words are looked at, what is asked, and where a wrong price was named."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.probes import by_chance, matcher_by_chance, ngrams_of_words

from ausweis.calls.call import Call
from ausweis.engines.heads import Ngrams, features, probabilities_of
from ausweis.engines.matcher import Matcher
from ausweis.engines.protocol import Request, Result, Transcript
from ausweis.errors import PromptError
from ausweis.facts import OneSided
from ausweis.prompts import Library
from ausweis.provenance import ModelProvenance
from ausweis.reading.asking import Described, incident_evidence
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.evidence import NEVER, log_odds
from ausweis.reading.incidents import IncidentReader, named_before
from ausweis.reading.questions import Question
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
    engine: Told,
    library: Library,
    *wanted: Question,
    learned: bool = True,
    matcher: Matcher | None = None,
    ngrams: Ngrams | None = None,
) -> IncidentReader:
    template = library.get("incidents")
    probe = replace(by_chance(LABELS, (10, 20), 6), template=template.name) if learned else None
    matcher = replace(matcher, template=template.name) if matcher else None
    ngrams = replace(ngrams, template=template.name) if ngrams else None
    described = tuple(one for one in wanted if one.incident is None)
    by_matcher = Described(described, matcher, template, library.get("own-incident")) if matcher else None
    return IncidentReader(engine, wanted, library.get("incident"), template, probe, ngrams, by_matcher)


def weighing() -> Matcher:
    """A matcher that weighs by the lesser of both: what the description says, and what the question."""
    matcher = matcher_by_chance((10, 20), 6)
    parts = {name: np.zeros_like(part) if name.startswith("weigh") else part for name, part in matcher.parts.items()}
    parts["weigh_direct"][0, 2] = 1
    return replace(matcher, parts=parts)


def test_the_words_of_a_line_are_weighed_with_the_probe(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"Anwalt": {"cancel threat": 0.3}, "wechsle": {"cancel threat": 0.3}})
    reads = reader(
        engine, library, Question(incident="cancel_threat"), ngrams=ngrams_of_words("cancel threat", "wechsle")
    )
    talk = call("caller: Das geht an den Anwalt.", "caller: Ich wechsle.")
    lawyer, leaves = reads.read(talk)[0]
    assert leaves.probability > 0.3 > lawyer.probability
    assert [stamp.id for stamp in reads.prompts] == ["incidents", "incidents:probe", "incidents:ngrams"]


def test_known_kinds_are_read_from_the_side_that_they_belong_to(call: Callable[..., Call], library: Library) -> None:
    both = {"cancel threat": 0.9, "rude agent": 0.8}
    engine = Told({"Dann bin ich weg": both, "Tun Sie das": both})
    found, tokens = reader(engine, library, Question(incident="cancel_threat"), Question(incident="rude_agent")).read(
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
    wanted = Question(description="Der Agent nennt eine falsche Frist.", speaker="agent")
    asking = reader(engine, library, wanted)
    (one,), _ = asking.read(call("caller: Welche Frist?", "agent: Das sind zwei Monate."))
    assert (one.description, one.speaker, one.turn, one.probability) == (wanted.description, "agent", 2, 0.7)
    assert asking.looked_for == (OneSided(description="Der Agent nennt eine falsche Frist.", speaker="agent"),)
    (request,) = engine.asked
    assert "Incident: Der Agent nennt eine falsche Frist." in request.messages[-1].content


def test_a_description_without_a_speaker_is_asked_of_both_sides(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"Frist": {"yes": 0.7, "no": 0.3}})
    asking = reader(engine, library, Question(description="Eine Frist fällt."), Question(incident="rude_agent"))
    found, _ = asking.read(call("caller: Welche Frist?", "agent: Die Frist sind zwei Monate."))
    assert [one.speaker for one in found] == ["caller", "agent"]
    assert asking.looked_for == ("rude_agent", "Eine Frist fällt.")


def test_without_a_probe_every_kind_is_asked_by_description(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"Anwalt": {"yes": 0.9, "no": 0.1}})
    asking = reader(engine, library, Question(incident="lawyer_threat"), learned=False)
    (one,), _ = asking.read(call("agent: Nein.", "caller: Dann klärt das mein Anwalt."))
    assert (one.id, one.turn) == ("lawyer_threat", 2)
    assert [stamp.id for stamp in asking.prompts] == ["incident"]


@pytest.mark.parametrize("learned", [True, False])
def test_a_matcher_tells_descriptions_in_the_same_reading(
    call: Callable[..., Call], library: Library, learned: bool
) -> None:
    wrong, weather = "Der Agent nennt eine falsche Frist.", "Jemand spricht vom Wetter."
    both = {f"is: {wrong}": 0.7, f"answered: {wrong}": 0.8}
    engine = Told(
        {
            "zwei Monate": both | {f"is: {weather}": 0.9, f"answered: {weather}": 0.01},
            "regnet": both | {f"is: {weather}": 0.9, f"answered: {weather}": 0.8, "rude agent": 0.6},
        }
    )
    wanted = [Question(description=wrong, speaker="agent"), Question(description=weather)]
    if learned:
        wanted.append(Question(incident="rude_agent"))
    asking = reader(engine, library, *wanted, learned=learned, matcher=weighing())
    found, _ = asking.read(call("caller: Es regnet. Welche Frist?", "agent: Das sind zwei Monate."))
    assert [(one.description, one.speaker, one.turn, one.probability) for one in found] == [
        (weather, "caller", 1, 0.8),
        (wrong, "agent", 2, 0.7),
    ]
    (transcript,) = engine.read_once
    assert len(transcript.rows) == len(transcript.probes) == 2
    assert [one.rows for one in transcript.compared] == [(f"agent: {wrong}",), (f"agent: {weather}",)]
    assert [(question.content, begun.content) for question, begun in transcript.questions] == [
        (f'Where does this happen in the call: "{wrong}"?', 'The agent said: "'),
        (f'Where does this happen in the call: "{weather}"?', 'These words: "'),
    ]
    stamps = ["incidents", *(["incidents:probe"] if learned else []), "incidents:matcher", "own-incident"]
    assert [stamp.id for stamp in asking.prompts] == stamps
    assert set(asking.looked_for) == {one.looked_for for one in wanted}


@pytest.mark.parametrize("turned", [False, True])
def test_each_description_is_compared_in_its_place(library: Library, turned: bool) -> None:
    chance = np.random.default_rng(3)
    line, *descriptions = (chance.normal(size=(tokens, 2, 6)).astype(np.float32) for tokens in (4, 3, 5))
    wanted = (Question(description="Eine Frist."), Question(description="Das Wetter."))
    if turned:
        wanted, descriptions = wanted[::-1], descriptions[::-1]
    matcher = matcher_by_chance((10, 20), 6)
    template = library.get("incidents")
    probe = Described(wanted, matcher, template, library.get("own-incident")).probe(None)
    seen, asked = probe.in_basis(line), matcher.questions(descriptions)
    told = (*probe.probabilities(line, descriptions), *probe.answered(seen, asked))
    compared = matcher.described([features(description) for description in descriptions])
    expected = probabilities_of(
        [*matcher.scores(seen, compared)[:, 0], *matcher.scores(seen, asked, question=True)[:, 0]]
    )
    assert told == pytest.approx(expected)
    names = [f"{kind}: {one.text}" for kind in ("is", "answered") for one in wanted]
    assert list(probe.labels) == names
    assert len(set(told)) == 4


def test_what_speaks_for_a_described_incident() -> None:
    """The description and the question, each by itself and less the likeliest other line; then the length."""
    told = incident_evidence(["Hm.", "Dann ist gut", "Nein."], [0.9, 0.5, 0.2], [0.3, 0.8, 0.1])
    description, question, lesser, rather, question_rather, length = told.T
    assert description == pytest.approx([log_odds(chance) for chance in (0.9, 0.5, 0.2)])
    assert question == pytest.approx([log_odds(chance) for chance in (0.3, 0.8, 0.1)])
    assert (lesser == np.minimum(description, question)).all()
    assert rather == pytest.approx(description - [log_odds(chance) for chance in (0.5, 0.9, 0.9)])
    assert question_rather == pytest.approx(question - [log_odds(chance) for chance in (0.8, 0.3, 0.8)])
    assert (np.argsort(length) == [0, 2, 1]).all()
    (alone,) = incident_evidence(["Hm."], [0.9], [0.3])
    assert alone[3] == pytest.approx(log_odds(0.9) - NEVER)


def test_a_side_that_says_nothing_has_no_incident(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"Hallo": {"is: Es fällt eine Frist.": 0.9, "answered: Es fällt eine Frist.": 0.9}})
    wanted = Question(description="Es fällt eine Frist.", speaker="agent")
    assert reader(engine, library, wanted, matcher=weighing()).read(call("caller: Hallo?"))[0] == ()


def test_probe_and_matcher_of_different_layers_are_refused(library: Library) -> None:
    wanted = Question(incident="rude_agent"), Question(description="Jemand spricht vom Wetter.")
    with pytest.raises(PromptError, match="different layers"):
        reader(Told({}), library, *wanted, matcher=matcher_by_chance((10, 21), 6))


def test_a_template_that_cannot_say_yes_is_refused_where_it_is_asked(
    call: Callable[..., Call], library: Library
) -> None:
    template = library.get("incident").model_copy(update={"output": {"enum": ["ja", "nein"]}})
    engine = Told({"weg": {"cancel threat": 0.9}})
    probe = by_chance(LABELS, (10, 20), 6)
    wanted = Question(incident="cancel_threat")
    transcript = library.get("incidents")
    (one,), _ = IncidentReader(engine, [wanted], template, transcript, probe).read(call("caller: Dann bin ich weg."))
    assert one.id == "cancel_threat"
    with pytest.raises(PromptError, match=r"incident@1 needs the answer yes \(it has: ja, nein\)"):
        IncidentReader(engine, [wanted], template, transcript)


def test_a_wrong_price_is_at_the_turn_that_named_it(call: Callable[..., Call], library: Library) -> None:
    engine = Told({"Stimmt": {"wrong terms": 0.8}})
    (one,), _ = reader(engine, library, Question(incident="wrong_terms")).read(
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
    assert reader(engine, library, Question(incident="rude_agent")).read(call("agent: Naja."))[0] == ()


@pytest.mark.parametrize("learned", [True, False])
def test_a_call_without_words_asks_nothing(call: Callable[..., Call], library: Library, learned: bool) -> None:
    engine = Told({})
    found, tokens = reader(engine, library, Question(incident="rude_agent"), learned=learned).read(call("agent: "))
    assert (found, tokens, engine.asked) == ((), 0, [])
