"""Opens a reading strategy by name, with the templates and probes that it needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TypeVar, cast

from ausweis.engines import learned_index
from ausweis.engines.answer_probe import AnswerProbe
from ausweis.engines.learned_file import LearnedFile
from ausweis.engines.learned_part import LearnedKind
from ausweis.engines.matcher import Matcher
from ausweis.engines.ngrams import Ngrams
from ausweis.engines.probe import Probe
from ausweis.engines.protocol import Engine, TranscriptEngine
from ausweis.engines.word_matcher import WordMatcher
from ausweis.errors import InputError, PromptError
from ausweis.prompts import Library, Template
from ausweis.reading.asking import Asking, NoAsking, TranscriptAsking, WindowAsking
from ausweis.reading.call_events import EventsReader
from ausweis.reading.call_questions import CallQuestions
from ausweis.reading.described_incidents import DescribedIncidents
from ausweis.reading.direct import DirectReader
from ausweis.reading.incident_question import IncidentQuestion
from ausweis.reading.incidents import IncidentReader, Learned
from ausweis.reading.own_words import OwnWords
from ausweis.reading.policy_words import PolicyWords
from ausweis.reading.reader import Reader
from ausweis.reading.turnwise import TurnwiseReader
from ausweis.vocabulary import OwnWord

__all__ = [
    "CALL_TEMPLATE",
    "INCIDENTS_TEMPLATE",
    "INCIDENT_QUESTION_TEMPLATE",
    "QUESTION_TEMPLATE",
    "STRATEGIES",
    "TRANSCRIPT_TEMPLATE",
    "TURN_TEMPLATES",
    "PolicyText",
    "incident_reader",
    "matcher_for",
    "ngrams_for",
    "open_reader",
    "probe_for",
    "template_of",
]

_Learned = TypeVar("_Learned", bound=LearnedFile)

STRATEGIES = ("turnwise", "events", "direct")
TURN_TEMPLATES: Mapping[str, str] = {"agent": "agent-turn", "caller": "caller-turn"}
"""The template that asks about a speaker's turns, where nothing was learned."""
INCIDENTS_TEMPLATE = "incidents"
"""The template whose probe and matcher, where there are such for the model, tell critical incidents."""
QUESTION_TEMPLATE = "own-word"
"""The template that asks about a policy's own words after the transcript."""
INCIDENT_QUESTION_TEMPLATE = "own-incident"
"""The template that asks about an incident that a policy describes, after the transcript."""
CALL_TEMPLATE = "third-party"
"""The template that asks about the call as a whole after the transcript."""
TRANSCRIPT_TEMPLATE = "transcript"
"""The template whose probe, where there is one for the model, reads turns of both."""


@dataclass(frozen=True, slots=True)
class PolicyText:
    """What must be known of a policy: for `direct` sentences that explain it, and the SHA-256 of its file.

    `incidents`: what `turnwise` and `events` look for beyond authentication. `own_words`: the policy's own factors and
    categories.
    """

    sentences: tuple[str, ...] = ()
    sha256: str = ""
    incidents: tuple[IncidentQuestion, ...] = ()
    own_words: tuple[OwnWord, ...] = ()


def open_reader(
    strategy: str,
    engine: Engine,
    library: Library,
    policy: PolicyText,
    *,
    probes: bool = True,
    authentication: bool = True,
) -> Reader:
    """The reader for a strategy. With `probes` false, `turnwise` asks zero-shot even where a probe was learned.

    With `authentication` false, `turnwise` reads incidents alone; the others, which ask for all at once, do not.

    Raises:
        InputError: there is no such strategy.
        PromptError: a template is missing or cannot be used.
    """
    if strategy == "turnwise":
        asking = _asking(engine, library, policy.own_words, probes=probes) if authentication else NoAsking()
        incidents = incident_reader(engine, library, policy.incidents, probes=probes) if policy.incidents else None
        return TurnwiseReader(engine, asking, incidents)
    if strategy == "events":
        return EventsReader(
            engine, template_of(library, "call-events"), PolicyWords(policy.own_words, policy.incidents)
        )
    if strategy == "direct":
        return DirectReader(engine, template_of(library, "call-verdict"), policy.sentences, policy.sha256)
    raise InputError(f"there is no strategy {strategy} (there are: {', '.join(STRATEGIES)})")


def _asking(engine: Engine, library: Library, own_words: tuple[OwnWord, ...], *, probes: bool) -> Asking:
    learned = _learned(engine, library, own_words) if probes else None
    if learned is not None:
        return learned
    turns = {speaker: template_of(library, name) for speaker, name in TURN_TEMPLATES.items()}
    return WindowAsking(turns, template_of(library, "call-start"))


def _learned(engine: Engine, library: Library, own_words: tuple[OwnWord, ...]) -> Asking | None:
    """The way to ask with a probe; None where the templates or the model have none.

    Where the policy has own words, with the newest probe that a matcher of words was learned with.
    """
    if TRANSCRIPT_TEMPLATE not in library.versions():
        return None
    template = template_of(library, TRANSCRIPT_TEMPLATE)
    probe = probe_for(template, engine)
    if probe is None:
        return None
    probe, words = _with_words(template, engine, probe) if own_words else (probe, None)
    own = None if words is None else OwnWords(own_words, words, template, template_of(library, QUESTION_TEMPLATE))
    # How own words are weighed was learned from what the probe says alone.
    ngrams, about = (None, None) if own else (ngrams_for(template, engine, probe), _about(engine, library, probe))
    return TranscriptAsking(template, probe, template_of(library, "call-start"), own, ngrams, about)


def _about(engine: Engine, library: Library, probe: Probe) -> CallQuestions | None:
    """What is asked about the call as a whole; None where nothing was learned to read the answers with this probe."""
    if CALL_TEMPLATE not in library.versions():
        return None
    template = template_of(library, CALL_TEMPLATE)
    answers = _learned_for(AnswerProbe, "answers", template, engine, {"probe": probe.sha256})
    return None if answers is None else CallQuestions(template, answers)


def _with_words(template: Template, engine: Engine, newest: Probe) -> tuple[Probe, WordMatcher | None]:
    """The newest probe that a matcher of words was learned with, and that; without such a one the newest probe."""
    older = learned_index.bound_to("words", "probe", template.provenance, engine.info.sha256)
    others = (_learned_for(Probe, "probe", template, engine, only=sha256) for sha256 in older)
    for probe in filter(None, chain([newest], others)):
        words = _learned_for(WordMatcher, "words", template, engine, {"probe": probe.sha256})
        if words is not None:
            return probe, words
    return newest, None


def template_of(library: Library, name: str) -> Template:
    """The template of this id, once its sections are those of its kind.

    Raises:
        PromptError: they are not, or as `Library.get`.
    """
    template = library.get(name)
    asks = name in (QUESTION_TEMPLATE, INCIDENT_QUESTION_TEMPLATE, CALL_TEMPLATE)
    if template.is_prompt is asks or (len(template.sections) > 2 and name != CALL_TEMPLATE):
        sections = "`=== user ===`, then `=== assistant ===`" if asks else "`=== system ===` and `=== user ===`"
        sections += ", once or several times" if name == CALL_TEMPLATE else ""
        raise PromptError(f"{template.name} needs the sections {sections}", place=str(template.path))
    return template


def incident_reader(
    engine: Engine, library: Library, wanted: Sequence[IncidentQuestion], *, probes: bool = True
) -> IncidentReader:
    """Looks for the wanted incidents; with `probes` false, by description alone.

    Raises:
        PromptError: a template is missing or cannot be used.
    """
    template = template_of(library, INCIDENTS_TEMPLATE)
    probe = probe_for(template, engine) if probes else None
    described = tuple(question for question in wanted if question.id is None)
    matcher = matcher_for(template, engine, probe) if probes and described else None
    by_matcher = None
    if matcher is not None:
        by_matcher = DescribedIncidents(described, matcher, template, template_of(library, INCIDENT_QUESTION_TEMPLATE))
    ngrams = ngrams_for(template, engine, probe) if probe else None
    return IncidentReader(
        engine, wanted, template_of(library, "incident"), Learned(template, probe, ngrams, by_matcher)
    )


def probe_for(template: Template, engine: Engine) -> Probe | None:
    """The newest probe for a template and the engine's model; None without.

    Raises:
        ModelError: its file is cut short or was changed, or the index of learned parts cannot be read.
        PromptError: it is broken, or was trained for another text of the template.
    """
    return _learned_for(Probe, "probe", template, engine)


def ngrams_for(template: Template, engine: Engine, probe: Probe) -> Ngrams | None:
    """The newest classifier of lines by their words that was learned with this probe; None if there is none.

    Raises:
        ModelError, PromptError: as `probe_for`.
    """
    return _learned_for(Ngrams, "ngrams", template, engine, {"probe": probe.sha256})


def matcher_for(template: Template, engine: Engine, probe: Probe | None = None) -> Matcher | None:
    """The newest matcher for a template and the engine's model, to be used with this probe; None if there is none.

    Raises:
        ModelError, PromptError: as `probe_for`.
    """
    return _learned_for(Matcher, "matcher", template, engine, {"probe": probe.sha256} if probe else {})


def _learned_for(
    form: type[_Learned],
    kind: LearnedKind,
    template: Template,
    engine: Engine,
    beside: Mapping[LearnedKind, str] | None = None,
    only: str | None = None,
) -> _Learned | None:
    if not isinstance(engine, TranscriptEngine):
        return None
    path = learned_index.find(kind, template.provenance, engine.info.sha256, beside, only)
    if path is None:
        return None
    learned = cast("_Learned", _loaded(form.load, path, path.stat().st_mtime_ns))
    if (learned.model_sha256, learned.template_sha256) != (engine.info.sha256, template.sha256):
        message = "was trained for another model or template than its index says: train it again"
        raise PromptError(message, place=str(path))
    return learned


@lru_cache(maxsize=8)  # an eval opens a reader for each policy, and each file is tens of megabytes
def _loaded(load: Callable[[Path], LearnedFile], path: Path, changed: int) -> LearnedFile:
    """The file as it was `changed` last."""
    return load(path)
