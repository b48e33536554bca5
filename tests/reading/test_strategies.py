import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.probes import answers_by_chance, blank, matcher_by_chance, ngrams_of_words, words_by_chance

from ausweis.batch.config import PinnedLibrary
from ausweis.calls.call import Call, Turn
from ausweis.engines.fake import FakeEngine
from ausweis.engines.heads import LearnedFile, Ngrams, Probe
from ausweis.engines.learned_index import Base, LearnedKind, index_to_write
from ausweis.engines.matcher import WordMatcher
from ausweis.engines.protocol import Engine, Message, Request, Result, Transcript
from ausweis.engines.recorded import RecordedOnly, RecordingEngine
from ausweis.engines.weights import catalogue
from ausweis.errors import InputError, ModelError, PromptError
from ausweis.prompts import Library, Template, release
from ausweis.provenance import ModelProvenance
from ausweis.reading import STRATEGIES, PolicyText, Question, Reader, open_reader
from ausweis.reading.questions import IDLE
from ausweis.reading.strategies import fitting, incident_reader, learned_for, unlearned
from ausweis.vocabulary import OwnWord

POLICY = PolicyText()
ENGINE = FakeEngine({"call-start": "beginning", "transcript": {"tells financial data": 0.6, "accepts": 0.4}})


@pytest.fixture
def own(library: Library, tmp_path: Path) -> Library:
    """The templates that ship, in a folder that may be written to."""
    return Library(shutil.copytree(library.folder, tmp_path / "prompts"))


@pytest.fixture(autouse=True)
def learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company's own folder of learned parts."""
    (tmp_path / "learned").mkdir()
    monkeypatch.setenv("AUSWEIS_LEARNED", str(tmp_path / "learned"))
    return tmp_path / "learned"


def tiny(template: Template, labels: tuple[str, ...] | None = None) -> Probe:
    own = labels or tuple(label for label in template.labels if label not in IDLE)
    return blank(template, own, ENGINE.info.sha256)


def saved(
    learned: LearnedFile,
    template: Template,
    *,
    of: str | None = None,
    probe: str | None = None,
    asked_by: Template | None = None,
) -> Path:
    """The part in the index. `of`: the SHA-256 of the text that the index says; of the parts it is bound to theirs."""
    stamp = template.provenance.model_copy(update={"sha256": of or learned.template_sha256})
    base = Base(id="fake", sha256=learned.model_sha256)
    bound: dict[LearnedKind, str] = {"probe": probe} if probe else {}
    question = asked_by.provenance if asked_by else None
    return index_to_write().register(
        learned.KIND, stamp, base, learned.data(), "by chance", bound_to=bound, asked_by=question
    )


def stamps(reader: Reader) -> list[str]:
    return [stamp.id for stamp in reader.prompts]


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_opens_by_its_name(library: Library, name: str) -> None:
    with_probe(library)
    reader = open_reader(name, ENGINE, library, POLICY)
    assert reader.strategy == name
    for stamp in (stamp for stamp in reader.prompts if ":" not in stamp.id):
        assert stamp.sha256 == library.get(f"{stamp.id}@{stamp.version}").sha256


def test_heads_read_nothing_where_nothing_was_learned(library: Library) -> None:
    """Incidents alone are read all the same, by their descriptions."""
    wanted = r"no probe of transcript@1 for .*: learn it with .*, or give --strategy turnwise or events"
    with pytest.raises(PromptError, match=wanted):
        open_reader("heads", ENGINE, library, POLICY)
    assert stamps(open_reader("heads", ENGINE, library, DESCRIBED, authentication=False)) == ["incident"]


class Model:
    """An engine with a model's states, of which only `info` is looked at."""

    calls_at_once = 1

    def __init__(self, sha256: str, **parameters: str) -> None:
        self.info = ModelProvenance(id="m", sha256=sha256, engine="test", parameters=dict(parameters), context_tokens=1)

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        raise NotImplementedError

    def read(self, transcript: Transcript) -> list[Result]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


DEFAULT = catalogue.entry(catalogue.default_id()).sha256


@pytest.mark.parametrize(
    ("engine", "strategy"),
    [
        (Model(DEFAULT), "heads"),
        (Model(ENGINE.info.sha256), "heads"),
        (Model("0" * 64), "events"),
        (Model("1" * 64), "events"),
        (Model("0" * 64, schemas="json_schema"), "events"),
        (Model("0" * 64, schemas="none"), "turnwise"),
        (FakeEngine({"call-events": "{}"}), "events"),
        (FakeEngine({"call-events@1": "{}"}), "events"),
        (FakeEngine({"call-events": "{}", "agent-turn": "nothing"}), "turnwise"),
        (ENGINE, "heads"),
        (FakeEngine({"transcript": "nothing"}, model_id="other"), "turnwise"),
        (FakeEngine([{"answer": "nothing"}], model_id="other"), "turnwise"),
        (FakeEngine(lambda request: "nothing", model_id="other"), "turnwise"),
    ],
)
def test_the_strategy_that_fits(library: Library, engine: Engine, strategy: str) -> None:
    """`heads` by a probe that was learned, else `events`, if answers are held to a schema; written ones decide."""
    with_probe(library)
    incidents = library.get("incidents")
    saved(matcher_by_chance((1,), 1, "1" * 64, incidents), incidents, asked_by=library.get("own-incident"))
    assert fitting(engine) == strategy


@pytest.mark.parametrize(("answers", "strategy"), [("call-events", "events"), ("agent-turn", "turnwise")])
def test_answers_are_recorded_and_given_again_by_one_strategy(tmp_path: Path, answers: str, strategy: str) -> None:
    asked = Request(messages=(Message(role="user", content="?"),), choices=("a", "b"), template=f"{answers}@1")
    recording = RecordingEngine(FakeEngine({answers: "a"}), tmp_path / "answers")
    recording.complete([asked])
    recording.close()
    again = RecordedOnly(tmp_path / "answers")
    assert (fitting(recording), fitting(again)) == (strategy, strategy)
    again.close()


def test_unknown_strategy(library: Library) -> None:
    with pytest.raises(InputError, match=r"there is no strategy guess \(there are: heads, turnwise, events\)"):
        open_reader("guess", ENGINE, library, POLICY)


DESCRIBED = replace(POLICY, incidents=(Question(description="a wrong tariff is named"),))
KNOWN = replace(POLICY, incidents=(Question(incident="rude_agent"),))


def with_all(own: Library) -> None:
    """Something is learned for version 1 of each template that can have it."""
    template, questions, incidents = own.get("transcript"), own.get("third-party"), own.get("incidents")
    sha256, probe = ENGINE.info.sha256, with_probe(own)
    saved(answers_by_chance(("for another",), (1,), 3, sha256, questions), questions, probe=probe)
    saved(words_by_chance((1,), 1, sha256, template), template, probe=probe, asked_by=own.get("own-word"))
    saved(blank(incidents, ("rude agent",), sha256), incidents)
    saved(matcher_by_chance((1,), 1, sha256, incidents), incidents, asked_by=own.get("own-incident"))


def next_version(own: Library, name: str) -> Library:
    """The library with a released second version, in other words."""
    text = own.get(name).path.read_text(encoding="utf-8").replace("version: 1", "version: 2")
    (own.folder / name / "2.md").write_text(text + "\n", encoding="utf-8")
    release(own, f"{name}@2", "better")
    return Library(own.folder)


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("transcript", POLICY),
        ("third-party", POLICY),
        ("own-word", replace(POLICY, own_words=(OwnWord(kind="factor", id="x", name="x", description="An x."),))),
        ("incidents", KNOWN),
        ("own-incident", DESCRIBED),
    ],
)
def test_the_newest_version_that_something_was_learned_for_reads_calls(
    own: Library, name: str, policy: PolicyText
) -> None:
    """Whatever was released since: a new version without what was learned takes nothing away, and is told of."""
    with_all(own)
    before = open_reader("heads", ENGINE, own, policy).prompts
    assert f"{name}@1" in {f"{stamp.id}@{stamp.version}" for stamp in before}
    assert list(unlearned(own, ENGINE.info)) == []
    newer = next_version(own, name)
    assert open_reader("heads", ENGINE, newer, policy).prompts == before
    expected = f"{name}@2 has nothing learned for {ENGINE.info.id}: calls are read with {name}@1"
    assert list(unlearned(newer, ENGINE.info)) == [expected]


def test_a_version_that_something_was_learned_for_is_used_and_what_it_lacks_told(own: Library) -> None:
    with_all(own)
    newer = next_version(own, "transcript")
    saved(tiny(newer.get("transcript@2")), newer.get("transcript@2"))
    prompts = open_reader("heads", ENGINE, newer, POLICY).prompts
    assert [stamp.version for stamp in prompts if stamp.id == "transcript"] == [2]
    (told,) = unlearned(newer, ENGINE.info, ("transcript",))
    assert told.startswith("transcript@2 has no answers and words for ")


def test_a_chosen_version_without_what_was_learned_reads_no_call(own: Library) -> None:
    with_all(own)
    pinned = PinnedLibrary(next_version(own, "transcript").folder, ["transcript@2"])
    with pytest.raises(
        PromptError, match=r"no probe of transcript@2 for .*: learn it with `python -m evals.lab train probe …"
    ):
        open_reader("heads", ENGINE, pinned, POLICY)


def test_a_question_in_other_words_is_asked_where_there_is_no_other_and_told_of(own: Library) -> None:
    """So is one that was chosen; it is never the default where the one that was learned is there."""
    with_all(own)
    path = own.get("own-word").path
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    (own.folder / "prompts.lock").unlink()
    changed = Library(own.folder)
    reader = open_reader("heads", ENGINE, changed, WITH_OWN)
    assert {"transcript:words", "own-word"} < set(stamps(reader))
    (told,) = unlearned(changed, ENGINE.info)
    assert told.startswith(
        f"own-word@1 has nothing learned for {ENGINE.info.id}: calls are read by what was learned for"
    )
    chosen = PinnedLibrary(next_version(own, "own-incident").folder, ["own-incident@2"])
    prompts = open_reader("heads", ENGINE, chosen, DESCRIBED).prompts
    assert [stamp.version for stamp in prompts if stamp.id == "own-incident"] == [2]


def test_provenance_names_the_version_of_what_was_learned(own: Library) -> None:
    """Not that of its template."""
    template = own.get("transcript")
    for version in (1, 2, 3):
        saved(replace(tiny(template), notes=str(version)), template)
    (stamp,) = (stamp for stamp in open_reader("heads", ENGINE, own, POLICY).prompts if ":" in stamp.id)
    assert (stamp.id, stamp.version) == ("transcript:probe", 3)


def test_a_missing_template(own: Library) -> None:
    shutil.rmtree(own.folder / "call-start")
    with pytest.raises(PromptError, match="no template call-start"):
        open_reader("heads", ENGINE, own, POLICY)


def test_a_template_with_the_sections_of_another_kind(own: Library) -> None:
    template = own.get("transcript")
    saved(words_by_chance((1,), 1, ENGINE.info.sha256, template), template, probe=with_probe(own))
    for name, other, message in (
        ("own-word", "call-start", r"own-word@2 needs the sections `=== user ===`, then `=== assistant ===`"),
        ("call-start", "own-word", r"call-start@2 needs the sections `=== system ===`"),
    ):
        text = own.get(other).path.read_text(encoding="utf-8")
        changed = text.replace(f"id: {other}\nversion: 1", f"id: {name}\nversion: 2")
        (own.folder / name / "2.md").write_text(changed, encoding="utf-8")
        library = PinnedLibrary(own.folder, [f"{name}@2"])
        with pytest.raises(PromptError, match=message) as caught:
            open_reader("heads", ENGINE, library, WITH_OWN)
        assert str(caught.value.place).endswith(f"{name}/2.md")


def test_a_probe_of_the_folder_is_found(own: Library) -> None:
    template = own.get("transcript")
    path = saved(tiny(template), template)
    reader = open_reader("heads", ENGINE, own, POLICY)
    (stamp,) = (stamp for stamp in reader.prompts if stamp.id == "transcript:probe")
    assert (stamp.version, stamp.sha256) == (template.version, Probe.load(path).sha256)
    reader.read(Call(id="c", turns=(Turn(speaker="agent", text="Es sind 30 Euro."),)))
    (asked,) = (request for request in ENGINE.requests[-2:] if request.template == template.name)
    assert set(asked.choices) < set(Probe.load(path).labels)


def test_a_probe_can_be_left_alone(own: Library) -> None:
    template = own.get("transcript")
    saved(tiny(template), template)
    assert "transcript:probe" not in stamps(open_reader("turnwise", ENGINE, own, POLICY))


def test_one_for_another_model_is_passed_over(own: Library) -> None:
    template = own.get("transcript")
    saved(replace(tiny(template), model_sha256="9" * 64), template)
    with pytest.raises(PromptError, match="no probe of transcript@1"):
        open_reader("heads", ENGINE, own, POLICY)
    saved(tiny(template), template)
    other = FakeEngine([], model_id="another")
    with pytest.raises(PromptError, match="no probe of transcript@1 for another"):
        open_reader("heads", other, own, POLICY)


def test_one_for_another_text_of_the_template_is_refused(own: Library) -> None:
    template = own.get("transcript")
    path = saved(replace(tiny(template), template_sha256="9" * 64), template)
    with pytest.raises(PromptError, match="trained for another text of transcript@1: train it again") as caught:
        open_reader("heads", ENGINE, own, POLICY)
    assert caught.value.place == str(path)


def test_one_with_labels_that_mean_nothing_is_refused_before_a_call_is_read(own: Library) -> None:
    template = own.get("transcript")
    saved(tiny(template, ("nothing", "dances")), template)
    with pytest.raises(PromptError, match="'dances' means nothing to the reader"):
        open_reader("heads", ENGINE, own, POLICY)


def test_one_that_is_not_what_its_index_says_is_refused(own: Library) -> None:
    template = own.get("transcript")
    path = saved(replace(tiny(template), template_sha256="9" * 64), template, of=template.sha256)
    with pytest.raises(PromptError, match="trained for another model or template than its index says") as caught:
        open_reader("heads", ENGINE, own, POLICY)
    assert caught.value.place == str(path)


def test_words_are_weighed_with_the_probe_that_they_were_learned_with(own: Library) -> None:
    template = own.get("transcript")
    probe = Probe.load(saved(tiny(template), template))
    words = ngrams_of_words("changes", "geändert", template=template, model_sha256=ENGINE.info.sha256)
    saved(words, template, probe="3" * 64)
    assert learned_for(Ngrams, template, ENGINE, {"probe": probe.sha256}) is None
    assert "transcript:ngrams" not in stamps(open_reader("heads", ENGINE, own, POLICY))
    saved(words, template, probe=probe.sha256)
    assert learned_for(Ngrams, template, ENGINE, {"probe": probe.sha256}) is not None
    assert "transcript:ngrams" in stamps(open_reader("heads", ENGINE, own, POLICY))


def test_a_call_is_asked_about_where_answers_can_be_read(own: Library) -> None:
    template, questions = own.get("transcript"), own.get("third-party")
    answers = answers_by_chance(("for another",), (1,), 3, ENGINE.info.sha256, questions)
    saved(words_by_chance((1,), 1, ENGINE.info.sha256, template), template, probe=with_probe(own))
    saved(answers, questions, probe="3" * 64)
    assert "third-party" not in stamps(open_reader("heads", ENGINE, own, POLICY))
    saved(replace(answers, template_sha256="9" * 64), questions, probe=with_probe(own))
    with pytest.raises(PromptError, match="trained for another text of third-party@1: train it again"):
        open_reader("heads", ENGINE, own, POLICY)
    saved(answers, questions, probe=with_probe(own))
    assert {"third-party", "third-party:answers"} < set(stamps(open_reader("heads", ENGINE, own, POLICY)))
    # How own words are weighed was learned without.
    assert "third-party" not in stamps(open_reader("heads", ENGINE, own, WITH_OWN))
    shutil.rmtree(own.folder / "third-party")
    assert "third-party" not in stamps(open_reader("heads", ENGINE, Library(own.folder), POLICY))


def test_a_broken_one_is_refused(own: Library) -> None:
    template = own.get("transcript")
    saved(tiny(template), template).write_bytes(b"no probe")
    with pytest.raises(ModelError, match="install Ausweis again, or learn it again"):
        open_reader("heads", ENGINE, own, POLICY)


BERTH = OwnWord(kind="factor", id="berth", name="the berth", description="Where the boat lies.")
WITH_OWN = replace(POLICY, own_words=(BERTH,))
TALK = Call(id="c", turns=(Turn(speaker="agent", text="Es sind 30 Euro."),))


def with_probe(own: Library) -> str:
    """The SHA-256 of a probe that is saved."""
    template = own.get("transcript")
    return Probe.load(saved(tiny(template), template)).sha256


def test_own_words_are_read_where_a_matcher_of_words_was_learned(own: Library) -> None:
    template = own.get("transcript")
    path = saved(words_by_chance((1,), 1, ENGINE.info.sha256, template), template, probe=with_probe(own))
    reader = open_reader("heads", ENGINE, own, WITH_OWN)
    (stamp,) = (stamp for stamp in reader.prompts if stamp.id == "transcript:words")
    assert stamp.sha256 == WordMatcher.load(path).sha256
    assert "berth" in reader.factors
    assert reader.read(TALK).facts.asked_words == (BERTH,)
    without = open_reader("heads", ENGINE, own, POLICY)
    assert "transcript:words" not in stamps(without)
    assert without.read(TALK).facts.asked_words == ()


def test_own_words_are_read_with_the_probe_that_their_matcher_was_learned_with(own: Library) -> None:
    """Though a newer one reads calls under policies without own words."""
    template = own.get("transcript")
    older = with_probe(own)
    saved(words_by_chance((1,), 1, ENGINE.info.sha256, template), template, probe=older)
    newer = Probe.load(saved(replace(tiny(template), notes="newer"), template)).sha256
    for policy, used in ((WITH_OWN, older), (POLICY, newer)):
        prompts = open_reader("heads", ENGINE, own, policy).prompts
        assert [stamp.sha256 for stamp in prompts if stamp.id == "transcript:probe"] == [used]


@pytest.mark.parametrize("learned_for_another_probe", [True, False])
def test_own_words_are_not_asked_without_it(own: Library, learned_for_another_probe: bool) -> None:
    """What was learned for another probe is none; all else is as if the policy had no own words."""
    template = own.get("transcript")
    with_probe(own)
    if learned_for_another_probe:
        saved(words_by_chance((1,), 1, ENGINE.info.sha256, template), template, probe="9" * 64)
    made = [open_reader("heads", ENGINE, own, policy) for policy in (WITH_OWN, POLICY)]
    asked = []
    for reader in made:
        begun = len(ENGINE.requests)
        facts = reader.read(TALK).facts
        asked.append((stamps(reader), reader.factors, facts.model_dump_json(), ENGINE.requests[begun:]))
        assert facts.asked_words == ()
    assert asked[0] == asked[1]


def test_own_words_are_not_asked_line_by_line(own: Library) -> None:
    template = own.get("transcript")
    saved(words_by_chance((1,), 1, ENGINE.info.sha256, template), template, probe=with_probe(own))
    reader = open_reader("turnwise", ENGINE, own, WITH_OWN)
    assert "berth" not in reader.factors
    assert stamps(reader) == stamps(open_reader("turnwise", ENGINE, own, POLICY))


def test_the_matcher_goes_with_the_probe(own: Library) -> None:
    template = own.get("incidents")
    saved(blank(template, ("rude agent",), ENGINE.info.sha256), template)
    saved(matcher_by_chance((1,), 1, ENGINE.info.sha256, template), template)
    wanted = (Question(incident="rude_agent"), Question(description="a wrong tariff is named"))
    for learned, read in (
        (True, ["incidents", "incidents:probe", "incidents:matcher", "own-incident"]),
        (False, ["incident"]),
    ):
        reader = incident_reader(ENGINE, own, wanted, learned=learned)
        assert [stamp.id for stamp in reader.prompts] == read


def test_the_question_about_an_incident_is_needed_where_a_matcher_reads_it(own: Library) -> None:
    template = own.get("incidents")
    shutil.rmtree(own.folder / "own-incident")
    wanted = (Question(description="a wrong tariff is named"),)
    assert [stamp.id for stamp in incident_reader(ENGINE, own, wanted).prompts] == ["incident"]
    saved(matcher_by_chance((1,), 1, ENGINE.info.sha256, template), template)
    with pytest.raises(PromptError, match="no template own-incident"):
        incident_reader(ENGINE, own, wanted)
    known = incident_reader(ENGINE, own, (Question(incident="rude_agent"),))
    assert [stamp.id for stamp in known.prompts] == ["incident"]
