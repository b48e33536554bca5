"""Names in a text as spans: what stands behind or before words that introduce one, and common first names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

from ausweis.masking.kinds import Span, cues, words
from ausweis.masking.tokens import Token, is_common

_Cues = Mapping[str, Sequence[Sequence[str]]]


def _by_word(key: str, *, at: int) -> _Cues:
    by_word: dict[str, list[Sequence[str]]] = {}
    for cue in cues(key):
        by_word.setdefault(cue[at], []).append(cue)
    return by_word


_TITLES, _OWN, _ARTICLES = words("names", "titles"), words("names", "own"), words("names", "articles")
_BETWEEN, _ALSO_NAMES, _GO_ON = words("names", "between"), words("names", "also_names"), words("names", "go_on")
_FROM, _OPENING = words("names", "from"), words("names", "opening")
_NAMED, _STRONG, _WEAK = _by_word("named", at=-1), _by_word("strong", at=-1), _by_word("weak", at=-1)
_BEHIND, _GREETING_BEHIND = _by_word("behind", at=0), _by_word("greeting_behind", at=0)
_GREETING = _by_word("greeting", at=-1)
_CUES = frozenset[str]().union(_TITLES, _NAMED, _STRONG, _WEAK, _GREETING, _BEHIND)
"""The words with which a cue ends, or begins: beside others there is none."""
_DOUBLED = r"(?:(?:doppel|double)[- ])?[^\W\d_]"
_SPELLED = re.compile(rf"(?<![\w'’]){_DOUBLED}(?:[ ,.\-–]{{1,2}}{_DOUBLED}){{3,}}(?!\w)", re.I)
_ALPHABET = re.compile(r"\b\w{1,20} (?:wie|for|as in) [^\W\d_]{3,20}\b", re.I)
_ABBREVIATED = _TITLES | {"hr", "fr", "st", "chr"}
_SENTENCE_END = re.compile(r"(?<!\.)[.!?](?!\.)")
_CLAUSE_END = ",;:.!?…"
_LONGEST_PAUSE = 6
_MOST_WORDS = 3
_SHORTEST = 2


@cache
def _first_names() -> frozenset[str]:
    text = (files("ausweis.masking") / "common" / "first-names.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def is_cased(text: str) -> bool:
    """Whether the text has capitals as writing wants them; an ASR model may write none, and then they tell nothing.

    What is masked already had some, perhaps.
    """
    return "‹" in text or any(map(str.isupper, text))


def name_spans(text: str, tokens: Sequence[Token], *, given: bool, greets: bool = False) -> list[Span]:
    """Names in the text. `given`: a name is in this turn for certain; `greets`: an agent says theirs. Less is asked."""
    spans = list(_introduced(text, tokens, given, greets))
    spans += _standing_alone(text, tokens) if greets else ()
    spans += _by_first_name(text, tokens)
    spans += [Span(match.start(), match.end(), "name") for match in _SPELLED.finditer(text)]
    if given:
        spans += _pairs(text, tokens)
        spans += [Span(match.start(), match.end(), "name") for match in _ALPHABET.finditer(text)]
    return spans


def _introduced(text: str, tokens: Sequence[Token], given: bool, greets: bool) -> Iterator[Span]:
    cased = is_cased(text)
    for place, token in enumerate(tokens):
        if token.word not in _CUES:
            continue
        titled = token.word in _TITLES and not (place and tokens[place - 1].word in _OWN)
        weak = (cased or given or greets) and _ends_with(tokens, place, _WEAK)
        weak = weak or (greets and _ends_with(tokens, place, _GREETING))
        named = _ends_with(tokens, place, _NAMED)
        if named:
            # German writes `Name` large: where it is small, nothing tells names by their capitals.
            large = cased and not (token.word in ("ist", "lautet") and text[tokens[place - 1].start].islower())
            yield from _behind(text, tokens, place + 1, large, also=_ALSO_NAMES, between=_BETWEEN)
        elif titled or weak or _ends_with(tokens, place, _STRONG):
            yield from _behind(text, tokens, place + 1, cased, also=_ALSO_NAMES if titled and cased else frozenset())
        # Before `mein name ist` an agent says the company's.
        closes = greets and not any(after.word in _OPENING for after in tokens[place + 1 : place + 3])
        at_phone = closes and _begins_with(tokens, place, _GREETING_BEHIND)
        if at_phone or ((cased or given or closes) and _begins_with(tokens, place, _BEHIND)):
            yield from _before(text, tokens, place, cased)


def _ends_with(tokens: Sequence[Token], place: int, cues: _Cues) -> bool:
    """Whether the words up to this one are a cue; cues are found by their last word."""
    ending = cues.get(tokens[place].word)
    return ending is not None and any(_words(tokens, place + 1 - len(cue), cue) for cue in ending)


def _begins_with(tokens: Sequence[Token], place: int, cues: _Cues) -> bool:
    beginning = cues.get(tokens[place].word)
    return beginning is not None and any(_words(tokens, place, cue) for cue in beginning)


def _words(tokens: Sequence[Token], place: int, cue: Sequence[str]) -> bool:
    return place >= 0 and [token.word for token in tokens[place : place + len(cue)]] == list(cue)


def _behind(
    text: str,
    tokens: Sequence[Token],
    place: int,
    cased: bool,
    *,
    also: frozenset[str],
    between: frozenset[str] = frozenset(),
) -> Iterator[Span]:
    """The name behind a cue; `also` may be one though everybody uses it, words `between` are passed over."""
    passed = _ARTICLES | _TITLES | between
    last = min(place + _MOST_WORDS, len(tokens))
    while (
        place < last
        and _goes_on(text, tokens, place, alone=False)
        and (tokens[place].word in passed or _initial(tokens[place]))
    ):
        place += 1
    end = place
    while end < len(tokens) and end - place < _MOST_WORDS and _may_be_name(text, tokens[end], cased, also):
        alone = _alone(text, tokens, end, cased)
        if not (_close(text, tokens, end, cased) if end > place else _goes_on(text, tokens, end, alone)):
            break
        end, also = end + 1, also - _GO_ON
    yield from (Span(token.start, token.end, "name") for token in tokens[place:end])


def _before(text: str, tokens: Sequence[Token], place: int, cased: bool) -> Iterator[Span]:
    start = place
    while start > 0 and place - start < _MOST_WORDS and _may_be_name(text, tokens[start - 1], cased):
        alone = _alone(text, tokens, start - 1, cased)
        beside = start == place or text[tokens[start - 1].end : tokens[start].start] in (" ", "-") or alone
        near = tokens[start].start - tokens[start - 1].end <= _SHORTEST
        if not (near and beside and _goes_on(text, tokens, start, alone)):
            break
        start -= 1
    yield from (Span(token.start, token.end, "name") for token in tokens[start:place])


def _by_first_name(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """A first name that everybody knows, with the surname behind it."""
    cased, first_names = is_cased(text), _first_names()
    for place, token in enumerate(tokens):
        if token.word not in first_names or (cased and not text[token.start].isupper()):
            continue
        end = place + 1
        while end < len(tokens) and end - place < _MOST_WORDS and _close(text, tokens, end, cased):
            if not cased or not _may_be_name(text, tokens[end], cased):
                break
            end += 1
        yield from (Span(part.start, part.end, "name") for part in tokens[place:end])


def _pairs(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """Two or more words with capitals beside each other, as a name has and other words seldom do."""
    place = 0
    while place < len(tokens):
        end = place
        while end < len(tokens) and _may_be_name(text, tokens[end], cased=True):
            if end > place and not _close(text, tokens, end, cased=True):
                break
            end += 1
        if end - place > 1:
            yield Span(tokens[place].start, tokens[end - 1].end, "name")
        place = max(end, place + 1)


def _standing_alone(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """Names that agents give behind their company's, or before it: `Eibenfunk, Straub`, `Annika Straub von Eibenfunk`.

    What a turn begins with is the company's name where it is a single word, or where another name follows.
    """
    if not is_cased(text):
        return
    runs: list[list[int]] = []
    for place in range(len(tokens)):
        if _alone(text, tokens, place, cased=True):
            beside = bool(place) and text[tokens[place - 1].end : tokens[place].start] in (" ", "-")
            if runs and runs[-1][-1] == place - 1 and beside:
                runs[-1].append(place)
            else:
                runs.append([place])
    for run in runs:
        behind = tokens[run[-1] + 1].word if run[-1] + 1 < len(tokens) else ""
        if run[0] or behind in _FROM or (len(runs) == 1 and len(run) > 1):
            yield Span(tokens[run[0]].start, tokens[run[-1]].end, "name")


def _close(text: str, tokens: Sequence[Token], place: int, cased: bool) -> bool:
    """Whether a word may belong to the same name as the one before it, or be one more."""
    gap = text[tokens[place - 1].end : tokens[place].start]
    return gap in (" ", "-") or (gap == ". " and _goes_on(text, tokens, place, _alone(text, tokens, place, cased)))


def _goes_on(text: str, tokens: Sequence[Token], place: int, alone: bool) -> bool:
    """Whether a name may reach over what stands before this word: a pause, no end of a sentence save beside a name."""
    before, token = tokens[place - 1], tokens[place]
    if token.start - before.end > _LONGEST_PAUSE:
        return False
    ends = _SENTENCE_END.search(text, before.end, token.start)
    return ends is None or alone or (ends[0] == "." and (before.word in _ABBREVIATED or _initial(before)))


def _alone(text: str, tokens: Sequence[Token], place: int, cased: bool) -> bool:
    """Whether this word stands for itself, or with a few more, as in `Tag, Frau Lenz. Nadine Scholl, ich rufe an`."""
    first, end = place, place
    while end < len(tokens) and end - place < _MOST_WORDS and _may_be_name(text, tokens[end], cased):
        if end > place and text[tokens[end - 1].end : tokens[end].start] not in (" ", "-"):
            break
        end += 1
    while first > 0 and place - first < _MOST_WORDS and _may_be_name(text, tokens[first - 1], cased):
        if text[tokens[first - 1].end : tokens[first].start] not in (" ", "-"):
            break
        first -= 1
    left = text[max(0, tokens[first].start - _LONGEST_PAUSE) : tokens[first].start].rstrip()[-1:]
    right = text[tokens[end - 1].end : tokens[end - 1].end + _LONGEST_PAUSE].lstrip()[:1]
    whole = right in _CLAUSE_END or (end < len(tokens) and tokens[end].word in _FROM)
    return end > place and left in _CLAUSE_END and whole


def _initial(token: Token) -> bool:
    return len(token.word) == 1 and not token.digits


def _may_be_name(text: str, token: Token, cased: bool, also: frozenset[str] = frozenset()) -> bool:
    if token.digits and not token.weak:
        return False
    common = is_common(token.word) and token.word not in also
    if len(token.word) < _SHORTEST or common or token.word in _TITLES:
        return False
    return not cased or text[token.start].isupper()
