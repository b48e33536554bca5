"""A call as a transcript of a row a line, and whose labels each row has."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.probes import answers_by_chance, blank, ngrams_of_words, words_by_chance

from ausweis.calls.call import Call
from ausweis.engines.fake import FakeEngine
from ausweis.engines.protocol import Request
from ausweis.errors import PromptError
from ausweis.prompts import Library, Template
from ausweis.reading.asking import Described, TranscriptAsking, WindowAsking, transcript_of
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.questions import STARTS_LATE, own_questions
from ausweis.vocabulary import OwnWord

LABELS = ("asks", "asks pin", "gives", "gives pin", "accepts")


@pytest.fixture
def asking(library: Library) -> TranscriptAsking:
    return TranscriptAsking(
        library.get("transcript"), blank(library.get("transcript"), LABELS), library.get("call-start")
    )


def test_each_line_is_a_row(library: Library, call: Callable[..., Call]) -> None:
    talk = call("agent: Guten Tag.", "caller: Wendt.\nHallo?", "agent: Ihre PIN?")
    transcript = transcript_of(library.get("transcript"), talk, spoken_chunks(talk))
    assert transcript.rows == ("agent: Guten Tag.", "caller: Wendt. Hallo?", "agent: Ihre PIN?")
    assert transcript.messages[-1].content == "\n".join(transcript.rows)


def test_each_speaker_has_labels_of_their_own(asking: TranscriptAsking, call: Callable[..., Call]) -> None:
    def answer(request: Request) -> str | Mapping[str, float]:
        if request.template.startswith("call-start"):
            return "middle"
        last = request.messages[-1].content.splitlines()[-1]
        return {"asks": 0.5, "asks pin": 0.5} if last == "agent: Ihre PIN?" else {"gives": 0.75, "gives pin": 0.25}

    engine = FakeEngine(answer)
    talk = call("agent: Ihre PIN?", "caller: eins zwei drei vier")
    (asked, given), tokens = asking.ask(engine, talk, spoken_chunks(talk))
    assert asked.pop(STARTS_LATE) > 0.5
    assert asked == {"asks": 0.5, "asks pin": 0.5, "accepts": 0.0}
    assert given == {"gives": 0.75, "gives pin": 0.25}
    assert tokens > 0
    rows = [request for request in engine.requests if request.template.startswith("transcript")]
    assert [request.choices for request in rows] == [("asks", "asks pin", "accepts"), ("gives", "gives pin")]


def test_the_words_of_a_line_are_weighed_with_the_probe(library: Library, call: Callable[..., Call]) -> None:
    template = library.get("transcript")
    ngrams = ngrams_of_words("asks pin", "PIN", template=library.get("transcript"))
    asking = TranscriptAsking(template, blank(template, LABELS), library.get("call-start"), ngrams=ngrams)
    told = {"asks": 0.7, "asks pin": 0.3}
    engine = FakeEngine(lambda request: "middle" if request.template.startswith("call-start") else told)
    talk = call("agent: Die PIN?", "agent: Die Adresse?")
    (pin, address), _ = asking.ask(engine, talk, spoken_chunks(talk))
    assert pin["asks pin"] > 0.3 > address["asks pin"]
    assert "transcript:ngrams" in [stamp.id for stamp in asking.prompts]


def test_what_is_asked_about_the_call_is_weighed_with_its_lines(library: Library, call: Callable[..., Call]) -> None:
    template, questions = library.get("transcript"), library.get("third-party")
    about = (questions, answers_by_chance(("for another", "holder"), (1,), 3, template=questions))
    asking = TranscriptAsking(
        template, blank(template, (*LABELS, "for another")), library.get("call-start"), about=about
    )
    talk = call("caller: Für meine Mutter.", "caller: Sie heißt Ida.", "agent: Gut.")

    def answer(request: Request) -> str | Mapping[str, float]:
        if request.template.startswith("call-start"):
            return "beginning"
        if request.template == "third-party@1":
            assert [message.role for message in request.messages[-2:]] == ["user", "assistant"]
            return {"for another": 0.9, "holder": 0.1}
        last = request.messages[-1].content.splitlines()[-1]
        another = 0.6 if "Mutter" in last else 0.3
        return {"for another": another, "gives": 1 - another} if "caller" in last else "accepts"

    (mother, name, agent), _ = asking.ask(FakeEngine(answer), talk, spoken_chunks(talk))
    assert mother["for another"] > 0.9
    assert name["for another"] == 0.3
    assert "for another" not in agent
    ids = [stamp.id for stamp in asking.prompts]
    assert ids == ["transcript", "transcript:probe", "third-party", "third-party:answers", "call-start"]


def test_nobody_speaks(asking: TranscriptAsking, call: Callable[..., Call]) -> None:
    assert asking.ask(FakeEngine([]), call("unknown: Rauschen"), []) == ([], 0)


@pytest.mark.parametrize(
    "body",
    [
        "{% for line in lines %}\n{{ line.speaker }}: {{ line.text }}\n\n{% endfor %}",
        "{% for line in lines %}\n{{ line.text }}\n{% endfor %}\nWhat does the last line do?",
        "{{ lines | length }} lines\n{% for line in lines %}\n{{ line.text }}\n{% endfor %}",
    ],
)
def test_a_template_that_does_not_grow_by_rows(
    library: Library, tmp_path: Path, body: str, call: Callable[..., Call]
) -> None:
    source = library.get("transcript").path.read_text(encoding="utf-8")
    head, marker, _ = source.partition("=== user ===\n")
    path = tmp_path / "transcript" / "1.md"
    path.parent.mkdir()
    path.write_text(f"{head}{marker}{body}\n", encoding="utf-8")
    talk = call("agent: Guten Tag.", "caller: Hallo?")
    with pytest.raises(PromptError, match="on a row of its own"):
        transcript_of(Library(tmp_path).get("transcript"), talk, spoken_chunks(talk))


BERTH = OwnWord(kind="factor", id="berth", name="the berth", description="Where the boat lies.")
BOATS = OwnWord(kind="disclosure", id="boats", name="boats", description="Boats are told.")


@pytest.fixture
def with_own(library: Library) -> TranscriptAsking:
    template = library.get("transcript")
    own = Described(
        own_questions((BERTH, BOATS)), words_by_chance((1,), 1, template=template), template, library.get("own-word")
    )
    return TranscriptAsking(template, blank(template, LABELS), library.get("call-start"), own)


def test_own_words_are_told_in_the_same_reading(
    library: Library, with_own: TranscriptAsking, call: Callable[..., Call]
) -> None:
    engine = FakeEngine(lambda request: "middle" if request.template.startswith("call-start") else "gives own berth")
    talk = call("caller: Platz vier")
    transcript = with_own.transcript(talk, spoken_chunks(talk))
    assert [row.rows[0] for row in transcript.compared] == [
        "agent: the berth: Where the boat lies.",
        "agent: boats: Boats are told.",
    ]
    ((answer,), _) = with_own.ask(engine, talk, spoken_chunks(talk))
    assert set(answer) == {"gives", "gives pin", "gives own berth", STARTS_LATE}
    assert with_own.words == (BERTH, BOATS)
    assert with_own.factors == {"pin", "berth"}
    ids = [stamp.id for stamp in with_own.prompts]
    assert ids == ["transcript", "transcript:probe", "transcript:words", "own-word", "call-start"]
    assert [[message.role for message in question] for question in transcript.questions] == [["user", "assistant"]]


def test_answers_hang_on_own_words_and_their_descriptions(
    library: Library, with_own: TranscriptAsking, asking: TranscriptAsking, call: Callable[..., Call]
) -> None:
    template, talk = library.get("transcript"), call("agent: Ihre PIN?")
    other = BERTH.model_copy(update={"description": "Where the boat is."})
    own = Described(
        own_questions((other, BOATS)), words_by_chance((1,), 1, template=template), template, library.get("own-word")
    )
    described = TranscriptAsking(template, blank(template, LABELS), library.get("call-start"), own)
    made = (asking, with_own, described)
    assert len({one.transcript(talk, spoken_chunks(talk)).keys("5" * 64)[0] for one in made}) == 3


def test_answers_hang_on_the_questions_and_then_on_all_rows(
    with_own: TranscriptAsking, call: Callable[..., Call]
) -> None:
    talk, longer = call("agent: Ihr Platz?"), call("agent: Ihr Platz?", "caller: vier")
    asked, more = (with_own.transcript(one, spoken_chunks(one)) for one in (talk, longer))
    other = asked.model_copy(update={"questions": (asked.questions[0][::-1],)})
    bare = (one.model_copy(update={"questions": ()}) for one in (asked, more))
    keys = [one.keys("5" * 64)[0] for one in (asked, more, other, *bare)]
    assert len(set(keys)) == 4
    assert keys[3] == keys[4]


def test_without_own_words_recorded_answers_stay_valid(library: Library, call: Callable[..., Call]) -> None:
    """As they were before there were any, byte for byte."""
    template = library.get("transcript@1")
    asking = TranscriptAsking(template, blank(template, LABELS), library.get("call-start"))
    talk = call("agent: Ihre PIN?", "caller: eins zwei drei vier")
    assert asking.transcript(talk, spoken_chunks(talk)).keys("5" * 64) == [
        "a7156f0439ddf6282f59708a12772ef5eaf7703a2c30c69f6df05ba6f845719c",
        "7b4f45b6d1c7de6984a6eb7a368ea93f11e4e3a5cc37a6db1796f9f51aa7d7d5",
    ]
    assert asking.words == ()
    assert [stamp.id for stamp in asking.prompts] == ["transcript", "transcript:probe", "call-start"]


def test_a_probe_of_another_make(library: Library) -> None:
    template, start = library.get("transcript"), library.get("call-start")
    with pytest.raises(PromptError, match="train it again"):
        TranscriptAsking(template, replace(blank(template, LABELS), dialogue=(1.0,)), start)
    with pytest.raises(PromptError, match="train it again"):
        TranscriptAsking(template, blank(template, LABELS).only(["asks"]), start)


@pytest.fixture
def never_late(library: Library) -> Template:
    """A template of one's own that says `late` where the one that ships says `middle`."""
    return library.get("call-start").model_copy(update={"output": {"enum": ["beginning", "late"]}})


def test_a_start_that_cannot_be_late_is_refused_before_a_call_is_read(library: Library, never_late: Template) -> None:
    template = library.get("transcript")
    refused = pytest.raises(PromptError, match=r"call-start@1 needs the answer middle \(it has: beginning, late\)")
    with refused:
        WindowAsking({"agent": library.get("agent-turn")}, never_late)
    with refused:
        TranscriptAsking(template, blank(template, LABELS), never_late)


def test_a_start_that_is_not_asked_may_say_what_it_wants(library: Library, never_late: Template) -> None:
    template = library.get("transcript")
    asking = TranscriptAsking(template, blank(template, (*LABELS, STARTS_LATE)), never_late)
    assert "call-start" not in [stamp.id for stamp in asking.prompts]


def test_labels_that_mean_nothing(library: Library) -> None:
    template = library.get("transcript")
    with pytest.raises(PromptError, match="'dances' means nothing"):
        TranscriptAsking(template, blank(template, ["dances"]), library.get("call-start"))
