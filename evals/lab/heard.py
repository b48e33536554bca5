"""Whether a recording's transcript holds the values that were said in it.

The values of `evals/spoken.jsonl` are written as their speaker means them, one call a line. Spoken and written German
and English are made alike, so that only what was misheard differs: `neunzehn hundert acht und fünfzig` and `1958` are
one number, `be u er es` and `B-U-R-S` the same letters, `Müller` and `mueller` the same word.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, get_args
from unicodedata import combining, normalize

from babel.dates import get_month_names
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.calls.call import Call
from ausweis.errors import InputError
from ausweis.opening import read_bytes
from ausweis.spoken import words_in
from ausweis.vocabulary import Language, Speaker

ValueKind = Literal["number", "date", "name", "spelled", "password", "street", "place", "mail"]
KINDS: tuple[ValueKind, ...] = get_args(ValueKind)
MARGIN = 2.0
"""Seconds before and after the turns in which a value may be heard."""
MOST_WORDS = 4
"""Words that one word may be heard as: `kowal tschik`."""
_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ı": "i", "ł": "l", "ø": "o"})
_APART = re.compile(r"\b([1-9])\s?und\s?([2-9])0\b")
"""As Whisper writes `dreiundzwanzig` at times: `3 und 20`."""
_LONGEST_NUMBER = 6
"""Words of one number that was written apart: `neun zehn hundert acht und fünfzig`."""
_PARTS = frozenset(
    "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf und hundert tausend zig ßig ssig "
    "dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn "
    "zwanzig dreißig dreissig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
)
"""What German numbers are made of: a word of several of these, as `dreiund`, may be a part of one too."""
_PART = re.compile(rf"(?:{'|'.join(sorted(_PARTS, key=len, reverse=True))})+(?:te[rn]?|ste[rn]?)?")
_LETTERS_DE = (
    "a=a be=b ce=c de=d e=e ef=f ge=g ha=h i=i jot=j ka=k el=l em=m en=n o=o pe=p qu=q ku=q er=r es=s te=t u=u "
    "vau=v we=w ix=x iks=x ypsilon=y üpsilon=y zett=z zet=z eszett=ss"
)
_LETTERS_EN = (
    "ay=a bee=b cee=c see=c dee=d ee=e eff=f gee=g aitch=h jay=j kay=k ell=l em=m en=n oh=o pee=p cue=q queue=q "
    "ar=r ess=s tee=t you=u vee=v ex=x why=y zed=z zee=z"
)
_LETTERS = dict(pair.split("=") for pair in f"{_LETTERS_DE} {_LETTERS_EN}".split())
_BESIDE_LETTERS = {"one": "1", "oh": "0"}
_REPEATS = {"double": 2, "doppel": 2, "zweimal": 2, "triple": 3}
_SIGNS_SAID = {
    ".": "punkt dot",
    "@": "at ät klammeraffe",
    "-": "minus bindestrich dash hyphen",
    "_": "unterstrich underscore",
}
_SIGNS = {word: sign for sign, words in _SIGNS_SAID.items() for word in words.split()}
_FILLERS = frozenset("der die das den dem am im vom of the in und and n s st nd rd th".split())
_HUNDREDS = {"hundert": "h", "hundred": "h", "tausend": "k", "thousand": "k"}
_ISO = re.compile(r"(\d{4}|-)-(\d{2})-(\d{2})")
CLOSE = 0.4
"""The share of letters that words which sound alike have in common at least. `Wrona` and `vorne` have the same code."""
_CODES = (("aeijouy", "0"), ("b", "1"), ("fvw", "3"), ("gkq", "4"), ("l", "5"), ("mn", "6"), ("r", "7"), ("sz", "8"))
_CODE = {letter: code for letters, code in _CODES for letter in letters}
_HARD_FIRST, _HARD = "ahkloqrux", "ahkoqux"


class SaidValue(BaseModel):
    """One value. `turns`: those of the written call in which it, or a piece of it, is said, all by one speaker.

    `value`: digits, with letters where there are some (`gf409816`); a date as ISO writes it, `--03-14` without its
    year; else words, a spelled name as the name. Of a value that is corrected it is the one that stands in the end.
    `pieces`: the stretches of a number that are said one after another, where something else comes between them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    factor: str
    kind: ValueKind
    value: Annotated[str, Field(min_length=1)]
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case. `digits` are those of a number word, or of a written number; empty for any other."""

    word: str
    digits: str = ""

    @property
    def letters(self) -> str:
        """The word folded; a number as its digits."""
        return self.digits or folded(self.word)


class SpokenCall(BaseModel):
    """A call of the spoken golden set. `set`: the file of labelled calls that holds it, without its extension."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call: str
    set: str
    values: tuple[SaidValue, ...] = ()


def read_spoken(path: Path) -> dict[str, SpokenCall]:
    """The calls by id.

    Raises:
        InputError: the file cannot be read, or a line is not what it must be.
    """
    try:
        lines = read_bytes(path).decode().splitlines()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", place=str(path)) from None
    calls: dict[str, SpokenCall] = {}
    for number, line in enumerate(lines, start=1):
        try:
            call = SpokenCall.model_validate(json.loads(line))
        except (ValueError, ValidationError):
            message = "the line is not of the form {call, set, values: [{turns, factor, kind, value}]}"
            raise InputError(message, place=f"{path}:{number}") from None
        calls[call.call] = call
    return calls


def words_between(heard: Call | None, spans: Iterable[tuple[float, float]], speaker: Speaker) -> str:
    """The words of a speaker that touch one of the spans, in order of time; of all where no side is known.

    Words whose own times are not known have those of their turn.
    """
    if heard is None:
        return ""
    wide = [(start - MARGIN, end + MARGIN) for start, end in spans]
    sides = any(turn.speaker != "unknown" for turn in heard.turns)
    found: list[tuple[float, str]] = []
    for turn in heard.turns:
        if sides and turn.speaker != speaker:
            continue
        begin = turn.start or 0.0
        last = begin if turn.end is None else turn.end
        words = [(word.start, word.end, word.text) for word in turn.words or ()]
        for start, end, text in words or [(begin, last, text) for text in turn.text.split()]:
            if any(start <= latest and end >= earliest for earliest, latest in wide):
                found.append((start, text))
    return " ".join(text for _, text in sorted(found, key=lambda one: one[0]))


def says(text: str, value: SaidValue, language: Language) -> bool:
    """Whether the text says the value: numbers and dates digit by digit, all that is words by their sound."""
    tokens = tokens_of(text)

    def like(one: str, other: str) -> bool:
        return sound_alike(one, other, language)

    match value.kind:
        case "number":
            return _number(tokens, value)
        case "date":
            return says_date(tokens, value.value)
        case "mail":
            return _email(text, value.value, like)
        case "street":
            return _street(tokens, value.value, like)
        case "spelled":
            letters = folded(value.value)
            spelled = any(letters in run or like(run, value.value) for run in spelled_in(tokens))
            return spelled or _all_words(tokens, value.value, like)
        case "name" | "password" | "place":
            return _all_words(tokens, value.value, like)


_Alike = Callable[[str, str], bool]


def _number(tokens: Sequence[Token], value: SaidValue) -> bool:
    stream = digits_of(tokens) if value.value.isdigit() else letters_of(tokens)
    place = 0
    for piece in value.pieces or (value.value,):
        place = stream.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return True


def _places(tokens: Sequence[Token], word: str, alike: _Alike) -> Iterable[tuple[int, int]]:
    """Where some words, written together, are this one: the first and the one after the last."""
    for start in range(len(tokens)):
        for end in range(start + 1, min(len(tokens), start + MOST_WORDS) + 1):
            if alike("".join(token.word for token in tokens[start:end]), word):
                yield start, end


def _all_words(tokens: Sequence[Token], value: str, alike: _Alike) -> bool:
    """Whether each word of the value is there, in whatever order, or all of them written together."""
    if any(True for _ in _places(tokens, value, alike)):
        return True
    return all(any(True for _ in _places(tokens, word, alike)) for word in re.split(r"[\s-]+", value))


def _street(tokens: Sequence[Token], value: str, alike: _Alike) -> bool:
    """The name of the street, with the number of the house directly before or behind it."""
    number = "".join(re.findall(r"\d+", value))
    return any(
        number in (digits_of(tokens[max(0, start - 1) : start]), digits_of(tokens[end : end + 1]))
        for start, end in _places(tokens, re.sub(r"\d+", "", value).strip(), alike)
    )


def _email(text: str, value: str, alike: _Alike) -> bool:
    """Signs and digits exactly; the words between them by sound."""
    address, tokens = signs_of(value), tokens_of(text)
    pieces = [piece for piece in re.split(r"[\d.@_-]+", address) if piece]
    digits = "".join(re.findall(r"\d+", address)) in digits_of(tokens)
    return address in signs_of(text) or (digits and all(_all_words(tokens, piece, alike) for piece in pieces))


def folded(text: str) -> str:
    """Letters and digits alone: no case, no accents, umlauts as two letters, ß as ss."""
    marked = normalize("NFKD", normalize("NFKC", text).casefold().translate(_FOLDED)).casefold()
    return "".join(sign for sign in marked if sign.isalnum() and not combining(sign))


def tokens_of(text: str) -> list[Token]:
    """The words of a text, numbers that were written apart as one; `one` and `oh` are digits beside single letters."""
    text = _APART.sub(r"\2\1", text)
    tokens = [Token(word, digits) for word, digits in words_in(_joined(text))]
    for place, token in enumerate(tokens):
        beside = [*tokens[max(0, place - 1) : place], *tokens[place + 1 : place + 2]]
        if token.word in _BESIDE_LETTERS and not token.digits and any(len(other.word) == 1 for other in beside):
            tokens[place] = Token(token.word, _BESIDE_LETTERS[token.word])
    return tokens


def digits_of(tokens: Iterable[Token]) -> str:
    """All digits, joined."""
    return "".join(token.digits for token in tokens)


def letters_of(tokens: Iterable[Token]) -> str:
    """All words and digits, joined: `1 E S Y elf` → `1esy11`; `double L` is two letters."""
    letters, repeat = "", 1
    for token in tokens:
        if token.word not in _REPEATS:
            # A number has its digits twice already.
            letters += token.letters * (1 if token.digits else repeat)
        repeat = _REPEATS.get(token.word, 1)
    return letters


def spelled_in(tokens: Sequence[Token]) -> Iterator[str]:
    """Each run of two or more letters that stand alone or are called by their names, joined."""
    run: list[str] = []
    repeat = 1
    for token in [*tokens, Token("")]:
        letter = folded(token.word) if len(token.word) == 1 and not token.digits else _LETTERS.get(token.word, "")
        if letter:
            run.append(letter * repeat)
        elif token.word not in _REPEATS:
            if sum(map(len, run)) > 1:
                yield "".join(run)
            run = []
        repeat = _REPEATS.get(token.word, 1)


def signs_of(text: str) -> str:
    """A mail address as it is written: `jago dot pots at example punkt de` → `jago.pots@example.de`."""
    parts = re.findall(r"[^\W_]+|[.@_-]", text.casefold())
    return "".join(_SIGNS.get(part) or "".join(token.letters for token in tokens_of(part)) or part for part in parts)


def _joined(text: str) -> str:
    """The text with German numbers that stand apart written together, as far as they are one number then."""
    parts = re.split(r"([^\W\d_]+)", normalize("NFC", text).lower())
    words, gaps = parts[1::2], parts[0::2]
    out = [gaps[0]]
    place = 0
    while place < len(words):
        count = _number_at(words, gaps, place)
        out += ["".join(words[place : place + count]), gaps[place + count]]
        place += count
    return "".join(out)


def _number_at(words: Sequence[str], gaps: Sequence[str], place: int) -> int:
    """How many words from `place` on are one number; 1 where the word stands for itself."""
    end = place
    while (
        end < min(len(words), place + _LONGEST_NUMBER)
        and _PART.fullmatch(words[end])
        and (end == place or gaps[end] == " ")
    ):
        end += 1
    for last in range(end, place + 1, -1):
        ((_, digits),) = words_in("".join(words[place:last]))
        if digits:
            return last - place
    return 1


def says_date(tokens: Sequence[Token], date: str) -> bool:
    """Whether the date, as ISO writes it or `--MM-DD`, is among the words; of a year the last two digits are enough.

    Up to two other words may stand between day and month, and up to eight before the year.
    """
    match = _ISO.fullmatch(date)
    if match is None:
        raise ValueError("a date is YYYY-MM-DD or --MM-DD")
    year, month, day = match[1], int(match[2]), int(match[3])
    return any(re.search(form, _line(tokens)) for form in _forms("" if year == "-" else year, month, day))


def _line(tokens: Sequence[Token]) -> str:
    """The words as `w`, months as `m` with their number, numbers as digits."""
    parts = [
        f"m{_months()[token.word]}" if token.word in _months() else token.digits or _HUNDREDS.get(token.word, "w")
        for token in tokens
        if token.word not in _FILLERS
    ]
    return f" {' '.join(parts)} "


@cache
def _forms(year: str, month: int, day: int) -> tuple[str, ...]:
    gap, days, months = r"(?: w){0,2} ", f"(?:{day}|{day:02d})", f"(?:{month}|{month:02d})"
    months = f"(?:m{month}|{months})"
    years = rf"(?: w){{0,8}} {_year(year)} " if year else " "
    glued_year = rf" ?{_year(year)} " if year else " "
    return (
        f" {days}{gap}{months}{years}",
        f" m{month}{gap}{days}{years}",
        f" {day:02d} ?{month:02d}{glued_year}",
    )


def _year(year: str) -> str:
    """Ways to say it: 1986, 86, 19 86, 1900 86, 19 h 86; 2004, 04, 20 04, 2000 4, 2 k 4."""
    century, two = year[:2], year[2:]
    short = f"(?:{two}|{two[0]} {two[1]}|{int(two)})" if two[0] == "0" else two
    between = r"(?: w){0,8} "
    large = rf"(?:{century}00|{century} h|{int(year) // 1000} k){between}{short}"
    return rf"(?:{century} ?{two}|{century} {short}|{large}|{short if two[0] != '0' else two})"


@cache
def _months() -> dict[str, int]:
    wide = {
        name.lower(): number
        for language in ("de", "en")
        for number, name in get_month_names("wide", "format", language).items()
    }
    return wide | {"jänner": 1, "juno": 6}


def sound_alike(one: str, other: str, language: Language) -> bool:
    """Whether two words, written in whatever way, are the same by their sound, and close by their letters."""
    one, other = folded(one), folded(other)
    if one == other:
        return True
    from jellyfish import levenshtein_distance, metaphone

    code = koelner if language == "de" else metaphone
    apart = levenshtein_distance(one, other) / max(len(one), len(other), 1)
    return bool(code(one)) and code(one) == code(other) and apart <= 1 - CLOSE


def koelner(word: str) -> str:
    """The code of a word by Kölner Phonetik (Postel 1969): a digit a sound, vowels at the beginning only."""
    letters = re.sub("[^a-z]", "", folded(word))
    codes = [_sound(letters, place) for place in range(len(letters))]
    one_each = re.sub(r"(\d)\1+", r"\1", "".join(codes))
    return one_each[:1] + one_each[1:].replace("0", "")


def _sound(word: str, place: int) -> str:
    letter, before, after = word[place], word[place - 1 : place], word[place + 1 : place + 2]
    match letter:
        case "h":
            return ""
        case "p":
            return "3" if after == "h" else "1"
        case "d" | "t":
            return "8" if after and after in "csz" else "2"
        case "x":
            return "8" if before and before in "ckq" else "48"
        case "c":
            hard = bool(after) and after in (_HARD if before else _HARD_FIRST)
            return "4" if hard and (not before or before not in "sz") else "8"
        case _:
            return _CODE[letter]
