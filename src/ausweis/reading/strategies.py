"""Opens a reading strategy by name, with the templates and probes that it needs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TypeVar, cast

from ausweis.engines import learned_index
from ausweis.engines.heads import AnswerProbe, LearnedFile, Ngrams, Probe
from ausweis.engines.learned_index import Base, LearnedKind, ReaderCalibration
from ausweis.engines.matcher import Matcher, WordMatcher
from ausweis.engines.protocol import Engine, TranscriptEngine, WrittenAnswers
from ausweis.errors import InputError, PromptError
from ausweis.prompts import Library, Template
from ausweis.provenance import ModelProvenance, PromptProvenance
from ausweis.reading.asking import Asking, Described, NoAsking, TranscriptAsking, WindowAsking
from ausweis.reading.call_events import EventsReader
from ausweis.reading.incidents import IncidentReader
from ausweis.reading.lines import LineReader
from ausweis.reading.questions import PolicyText, Question, Reader, own_questions
from ausweis.vocabulary import OwnWord

_Learned = TypeVar("_Learned", bound=LearnedFile)

STRATEGIES = ("heads", "turnwise", "events")
TURN_TEMPLATES: Mapping[str, str] = {"agent": "agent-turn", "caller": "caller-turn"}
"""The template that asks about a speaker's turns (`turnwise`)."""
TRANSCRIPT_TEMPLATE = "transcript"  # what was learned for it reads turns of both (`heads`),
INCIDENTS_TEMPLATE = "incidents"  # and tells critical incidents
QUESTION_TEMPLATE = "own-word"  # asked after the transcript: about a policy's own words,
INCIDENT_QUESTION_TEMPLATE = "own-incident"  # about an incident that it describes,
CALL_TEMPLATE = "third-party"  # about the call as a whole
EVENTS_TEMPLATE = "call-events"  # asks for all events of a call at once (`events`)
_QUESTIONS = (QUESTION_TEMPLATE, INCIDENT_QUESTION_TEMPLATE)
HEADS: Mapping[str, tuple[LearnedKind, ...]] = {
    TRANSCRIPT_TEMPLATE: ("probe",),
    INCIDENTS_TEMPLATE: ("probe", "matcher"),
    CALL_TEMPLATE: ("answers",),
    QUESTION_TEMPLATE: ("words",),
    INCIDENT_QUESTION_TEMPLATE: ("matcher",),
}
"""What must be learned for a version of a template before calls are read with it: one of these, rather the first."""


def fitting(engine: Engine) -> str:
    """The strategy for an engine where none was named: `heads` where a probe was learned for its model, else `events`.

    But `turnwise` where the answer of `events` cannot be held to its schema. Of answers that were written before, the
    templates that they are for decide.

    Raises:
        ModelError: an index of learned parts cannot be read.
    """
    kinds = learned_index.kinds_for(engine.info.sha256) if isinstance(engine, TranscriptEngine) else {}
    learned = any(stamp.id == TRANSCRIPT_TEMPLATE and "probe" in found for stamp, found in kinds.items())
    if isinstance(engine, WrittenAnswers):
        asked = engine.templates & {EVENTS_TEMPLATE, TRANSCRIPT_TEMPLATE, *TURN_TEMPLATES.values()}
        if asked == {EVENTS_TEMPLATE}:
            return "events"
        return "heads" if learned and (not asked or TRANSCRIPT_TEMPLATE in asked) else "turnwise"
    if learned:
        return "heads"
    return "turnwise" if engine.info.parameters.get("schemas") == "none" else "events"


def open_reader(
    strategy: str, engine: Engine, library: Library, policy: PolicyText, *, authentication: bool = True
) -> Reader:
    """The reader for a strategy. `heads` reads a transcript by what was learned, `turnwise` asks without that.

    With `authentication` false, these two read incidents alone; `events`, which asks for all at once, does not.

    Raises:
        InputError: there is no such strategy.
        PromptError: a template is missing or cannot be used, or nothing was learned that `heads` could read with.
    """
    if strategy in ("heads", "turnwise"):
        learned = strategy == "heads"
        asking = _asking(engine, library, policy.own_words, learned=learned) if authentication else NoAsking()
        incidents = incident_reader(engine, library, policy.incidents, learned=learned) if policy.incidents else None
        return LineReader(engine, asking, strategy, incidents, _calibration(engine, asking.prompts))
    if strategy == "events":
        template = template_of(library, EVENTS_TEMPLATE)
        return EventsReader(engine, template, policy, _calibration(engine, (template.provenance,)))
    raise InputError(f"there is no strategy {strategy} (there are: {', '.join(STRATEGIES)})")


def calibrated_as(prompts: Iterable[PromptProvenance]) -> tuple[PromptProvenance, dict[LearnedKind, str]] | None:
    """What the calibration of a reader with these prompts hangs on: a template, and a probe by its SHA-256.

    None where it asks for none of the events of authentication.
    """
    by_id = {prompt.id: prompt for prompt in prompts}
    if (probe := by_id.get(f"{TRANSCRIPT_TEMPLATE}:probe")) is not None:
        return by_id[TRANSCRIPT_TEMPLATE], {"probe": probe.sha256}
    template = by_id.get(TURN_TEMPLATES["agent"]) or by_id.get(EVENTS_TEMPLATE)
    return None if template is None else (template, {})


def _calibration(engine: Engine, prompts: Iterable[PromptProvenance]) -> ReaderCalibration | None:
    """The newest that was learned of a reader with these prompts; None where there is none."""
    reader = calibrated_as(prompts)
    found = reader and learned_index.newest("calibration", reader[0], engine.info.sha256, reader[1])
    if found is None:
        return None
    index, part = found
    return ReaderCalibration.load(index.checked(part), part)


def _asking(engine: Engine, library: Library, own_words: tuple[OwnWord, ...], *, learned: bool) -> Asking:
    """The way to ask with a probe, or turn by turn.

    Where the policy has own words, with the newest probe that a matcher of words was learned with.
    """
    start = template_of(library, "call-start")
    if not learned:
        return WindowAsking({speaker: template_of(library, name) for speaker, name in TURN_TEMPLATES.items()}, start)
    found = _newest_with(library, TRANSCRIPT_TEMPLATE, partial(learned_for, Probe, engine=engine))
    if found is None:
        wanted = template_of(library, TRANSCRIPT_TEMPLATE)
        raise PromptError(f"{not_learned(wanted, engine.info)}, or give --strategy turnwise or events")
    template, probe = found
    probe, words = _with_words(template, engine, probe) if own_words else (probe, None)
    own = _described(own_questions(own_words), words, template, library, QUESTION_TEMPLATE)
    if own:
        # How own words are weighed was learned from what the probe says alone.
        return TranscriptAsking(template, probe, start, own)
    beside: Mapping[LearnedKind, str] = {"probe": probe.sha256}
    about = _newest_with(library, CALL_TEMPLATE, partial(learned_for, AnswerProbe, engine=engine, beside=beside))
    return TranscriptAsking(template, probe, start, None, learned_for(Ngrams, template, engine, beside), about)


def _newest_with(
    library: Library, identifier: str, learned_for: Callable[[Template], _Learned | None]
) -> tuple[Template, _Learned] | None:
    """The newest version of a template that something was learned for, with that; None where there is none."""
    if identifier in library.versions():
        for template in map(_of_its_kind, library.candidates(identifier)):
            learned = learned_for(template)
            if learned is not None:
                return template, learned
    return None


def _described(
    questions: tuple[Question, ...], matcher: Matcher | None, template: Template, library: Library, name: str
) -> Described | None:
    """What a matcher reads; None without one.

    What is asked after the transcript is worded as when it was learned; where that version is not there, as the newest
    or a chosen one.
    """
    if matcher is None:
        return None
    versions = map(_of_its_kind, library.candidates(name))
    same = (version for version in versions if version.provenance == matcher.asked_by)
    return Described(questions, matcher, template, next(same, None) or template_of(library, name))


def how_to_learn(template: Template) -> str:
    """What to do where nothing was learned for a version of one of `HEADS`."""
    kind = HEADS[template.id][0]
    # To other commands `--template` names the transcript after which they ask; they ask the newest released question.
    command = f"train {kind} … --template {template.name}`" if kind == "probe" else f"train {kind} …` after its release"
    return f"learn it with `python -m evals.lab {command} (docs/training.md)"


def not_learned(template: Template, model: ModelProvenance) -> str:
    """That what reads with a version of one of `HEADS` was not learned for a model, and what to do."""
    return f"no {HEADS[template.id][0]} of {template.name} for {model.id}: {how_to_learn(template)}"


def unlearned(
    library: Library, model: Base | ModelProvenance, identifiers: Iterable[str] = tuple(HEADS)
) -> Iterator[str]:
    """A sentence for each of these templates whose newest version lacks what was learned of others for a model.

    Raises:
        ModelError: an index of learned parts cannot be read.
        PromptError: a template cannot be loaded.
    """
    kinds = learned_index.kinds_for(model.sha256)
    for identifier in identifiers:
        learned = {stamp.version: found for stamp, found in kinds.items() if stamp.id == identifier}
        if not learned or identifier not in library.versions():
            continue
        newest, *older = library.candidates(identifier)
        with_head = (
            template
            for head in HEADS[identifier]
            for template in (newest, *older)
            if head in kinds.get(template.provenance, ())
        )
        used = next(with_head, None)
        if used is None:
            how = "by what was learned for other words" if identifier in _QUESTIONS else "without it"
            yield f"{newest.name} has nothing learned for {model.id}: calls are read {how} (docs/training.md)"
            continue
        if used is not newest:
            yield f"{newest.name} has nothing learned for {model.id}: calls are read with {used.name}"
        before = {kind for version, found in learned.items() if version < used.version for kind in found}
        if lost := before - kinds[used.provenance]:
            names = " and ".join(sorted(lost))
            yield f"{used.name} has no {names} for {model.id}, as earlier versions have: learn them (docs/training.md)"


def _with_words(template: Template, engine: Engine, newest: Probe) -> tuple[Probe, WordMatcher | None]:
    """The newest probe that a matcher of words was learned with, and that; without such a one the newest probe."""
    older = learned_index.bound_to("words", "probe", template.provenance, engine.info.sha256)
    others = (learned_for(Probe, template, engine, only=sha256) for sha256 in older)
    for probe in filter(None, chain([newest], others)):
        words = learned_for(WordMatcher, template, engine, {"probe": probe.sha256})
        if words is not None:
            return probe, words
    return newest, None


def template_of(library: Library, name: str) -> Template:
    """The template of this id, once its sections are those of its kind.

    Raises:
        PromptError: they are not, or as `Library.get`.
    """
    return _of_its_kind(library.get(name))


def _of_its_kind(template: Template) -> Template:
    name = template.id
    asks = name in (*_QUESTIONS, CALL_TEMPLATE)
    if template.is_prompt is asks or (len(template.sections) > 2 and name != CALL_TEMPLATE):
        sections = "`=== user ===`, then `=== assistant ===`" if asks else "`=== system ===` and `=== user ===`"
        sections += ", once or several times" if name == CALL_TEMPLATE else ""
        raise PromptError(f"{template.name} needs the sections {sections}", place=str(template.path))
    return template


def incident_reader(
    engine: Engine, library: Library, wanted: Sequence[Question], *, learned: bool = True
) -> IncidentReader:
    """Looks for the wanted incidents; with `learned` false, by description alone.

    Raises:
        PromptError: a template is missing or cannot be used.
    """
    forms: tuple[type[LearnedFile], ...] = (Probe, Matcher) if learned else ()
    heads = (partial(learned_for, form, engine=engine) for form in forms)
    found = next(filter(None, (_newest_with(library, INCIDENTS_TEMPLATE, head) for head in heads)), None)
    template = found[0] if found else template_of(library, INCIDENTS_TEMPLATE)
    probe = learned_for(Probe, template, engine) if learned else None
    described = tuple(question for question in wanted if question.incident is None)
    beside: dict[LearnedKind, str] = {"probe": probe.sha256} if probe else {}
    matcher = learned_for(Matcher, template, engine, beside) if learned and described else None
    by_matcher = _described(described, matcher, template, library, INCIDENT_QUESTION_TEMPLATE)
    ngrams = learned_for(Ngrams, template, engine, beside) if probe else None
    return IncidentReader(engine, wanted, template_of(library, "incident"), template, probe, ngrams, by_matcher)


def learned_for(
    form: type[_Learned],
    template: Template,
    engine: Engine,
    beside: Mapping[LearnedKind, str] | None = None,
    only: str | None = None,
) -> _Learned | None:
    """What was learned last for a template and the engine's model, with what it must stand `beside`; None without.

    Raises:
        ModelError: its file is cut short or was changed, or the index of learned parts cannot be read.
        PromptError: it is broken, or was trained for another text of the template.
    """
    if not isinstance(engine, TranscriptEngine):
        return None
    found = learned_index.newest(form.KIND, template.provenance, engine.info.sha256, beside, only)
    if found is None:
        return None
    index, part = found
    path = index.checked(part)
    learned = cast("_Learned", _loaded(form.load, path, path.stat().st_mtime_ns))
    learned = replace(learned, version=part.version, asked_by=part.asked_by)
    if (learned.model_sha256, learned.template_sha256) != (engine.info.sha256, template.sha256):
        message = "was trained for another model or template than its index says: train it again"
        raise PromptError(message, place=str(path))
    return learned


@lru_cache(maxsize=8)  # an eval opens a reader for each policy, and each file is tens of megabytes
def _loaded(load: Callable[[Path], LearnedFile], path: Path, changed: int) -> LearnedFile:
    """The file as it was `changed` last."""
    return load(path)
