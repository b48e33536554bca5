"""Critical incidents beyond authentication: looked for only where the policy asks, and each told with its place.

Known kinds are told by a probe of the template `incidents`, where one was learned for the model: it reads the call
once more, line by line. What a company describes itself is told in the same reading (`described`). Without
what was learned the template `incident` asks about each line of the side in question whether it is what the description
says.

That a price or a deadline was wrong comes to light later than it was named. What is read is the line in which it comes
to light (`Mention.shown`); the incident is at the line before it that named the other value.
"""

from collections import Counter
from collections.abc import Sequence

from ausweis.calls.call import Call
from ausweis.engines.heads import Ngrams, Probe
from ausweis.engines.protocol import Engine
from ausweis.errors import PromptError
from ausweis.facts import Mention, OneSided, Shown
from ausweis.prompts import Template
from ausweis.provenance import PromptProvenance
from ausweis.reading.asking import Described, read_lines, transcript_of
from ausweis.reading.chunks import Chunk, line_question, spoken_chunks, with_context
from ausweis.reading.evidence import stems
from ausweis.reading.patterns import pattern
from ausweis.reading.questions import MENTIONED, Answer, Question
from ausweis.spoken import digits_in, has_number
from ausweis.vocabulary import INCIDENTS

RARE = 5
"""So many lines may have a word that counts."""
_ONE_OR_NONE = pattern("one_or_none", cased=True)
YES = "yes"
"""The answer of `incident` that says that the line is it."""


class IncidentReader:
    """Finds the incidents of a call that questions ask for.

    `asking`: the template `incident`, for questions that nothing learned answers. `transcript`: the template
    `incidents`, with the probe of it that tells known kinds, and `ngrams` that tell them by the words of a line.
    `described`: what tells the policy's own.

    Raises:
        PromptError: probe and matcher are of different layers, or `asking` is needed and cannot say yes.
    """

    def __init__(
        self,
        engine: Engine,
        questions: Sequence[Question],
        asking: Template,
        transcript: Template,
        probe: Probe | None = None,
        ngrams: Ngrams | None = None,
        described: Described | None = None,
    ) -> None:
        labels = () if probe is None else probe.labels
        self._engine, self._asking, self._transcript, self._described = engine, asking, transcript, described
        self._known = [question for question in questions if question.incident and question.label in labels]
        self._learned = (*self._known, *(described.questions if described else ()))
        self._asked = [question for question in questions if question not in self._learned]
        if self._asked:
            asking.check_answer(YES)
        probe, self._ngrams = (probe, ngrams) if self._known else (None, None)
        if probe and described and probe.layers != described.matcher.layers:
            message = "its probe and its matcher read different layers: train both again"
            raise PromptError(message, place=transcript.name)
        stamps = [learned.provenance for learned in (probe, self._ngrams) if learned]
        self._stamps = (*stamps, *(described.prompts if described else ()))
        self._probe = described.probe(probe) if described else probe

    @property
    def looked_for(self) -> tuple[str | OneSided, ...]:
        """All that is looked for, by kind or description."""
        return tuple(question.looked_for for question in (*self._learned, *self._asked))

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The templates that it asks with, and what was learned for them, such as `incidents:probe`."""
        read = (self._transcript.provenance, *self._stamps) if self._probe else ()
        return (*read, self._asking.provenance) if self._asked else read

    def read(self, call: Call) -> tuple[tuple[Mention, ...], int]:
        """The incidents of a call in order of time, and how many tokens the model computed for them."""
        chunks = spoken_chunks(call)
        read, tokens = self._read_learned(call, chunks)
        asked, more = self._ask(call, chunks)
        mentions = [mention for answer in (*read, *asked) for mention in mentions_of(call, chunks, answer)]
        return mentions_once(mentions), tokens + more

    def _read_learned(self, call: Call, chunks: Sequence[Chunk]) -> tuple[list[Answer], int]:
        """What was learned, from one reading of the call."""
        if self._probe is None or not chunks:
            return [], 0
        described = self._described
        transcript = transcript_of(self._transcript, call, chunks, [self._probe] * len(chunks), described)
        told, results = read_lines(self._engine, transcript, chunks, self._ngrams)
        answers = [
            Answer(question, chunk, line[question.label])
            for chunk, line in zip(chunks, told, strict=True)
            for question in self._known
            if chunk.speaker in question.speakers
        ]
        if described:
            answers += described.incidents(chunks, told)
        return answers, sum(result.evaluated_tokens for result in results)

    def _ask(self, call: Call, chunks: Sequence[Chunk]) -> tuple[list[Answer], int]:
        """What is asked by its description, line by line."""
        asked = [
            (question, chunk, line_question(self._asking, call, lines, chunk.turn, incident=question.text))
            for question in self._asked
            for chunk, lines in with_context(chunks)
            if chunk.speaker in question.speakers
        ]
        if not asked:
            return [], 0
        results = self._engine.complete([request for _, _, request in asked])
        yes = self._asking.labels.index(YES)
        answers = [
            Answer(question, chunk, result.probabilities[yes])
            for (question, chunk, _), result in zip(asked, results, strict=True)
        ]
        return answers, sum(result.evaluated_tokens for result in results)


def mentions_of(call: Call, chunks: Sequence[Chunk], answer: Answer) -> list[Mention]:
    """What facts say of it, where it is likely enough to be kept; `chunks` are all of the call."""
    question, chunk, probability = answer
    if probability < MENTIONED:
        return []
    place, shown = chunk, None
    if question.incident is not None and INCIDENTS[question.incident].comes_to_light_later:
        named = named_before(chunks, chunk)
        if named is not None:
            place, shown = named, Shown(**chunk.place(call))
    what = {"id": question.incident, "description": question.description, "probability": round(probability, 4)}
    speaker = None if question.incident else place.speaker
    return [Mention.model_validate({**what, "speaker": speaker, "shown": shown, **place.place(call)})]


def named_before(chunks: Sequence[Chunk], shown: Chunk) -> Chunk | None:
    """The agent's line before this one that most likely named the other value.

    It names a value, another one than this line, and has most words in common with this line or the one before it;
    words that many lines have do not count. Among equals the last one is taken.
    """
    place = max(place for place, chunk in enumerate(chunks) if (chunk.turn, chunk.begin) <= (shown.turn, shown.begin))
    about = stems(shown.text) | (stems(chunks[place - 1].text) if place else set())
    often = Counter(stem for chunk in chunks for stem in stems(chunk.text))
    about = frozenset(stem for stem in about if often[stem] <= RARE)
    numbers = digits_in(shown.text)
    best: tuple[int, Chunk] | None = None
    for chunk in chunks[:place]:
        same = bool(numbers) and digits_in(chunk.text) == numbers
        names_value = has_number(chunk.text) or _ONE_OR_NONE.search(chunk.text.lower()) is not None
        if chunk.speaker == "agent" and names_value and not same:
            common = len(stems(chunk.text) & about)
            if best is None or common >= best[0]:
                best = common, chunk
    return None if best is None else best[1]


def mentions_once(mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """Of the same incident in several chunks of a turn, or shown by several turns, the likeliest."""
    best: dict[tuple[int, str | None, str | None], Mention] = {}
    for mention in mentions:
        key = (mention.turn, mention.id, mention.description)
        if key not in best or mention.probability > best[key].probability:
            best[key] = mention
    return tuple(sorted(best.values(), key=lambda mention: mention.turn))
