"""Spoken and written German and English made alike, so that only what was misheard differs: words, dates, sounds.

`neunzehn hundert acht und fünfzig`, `neunzehnhundertachtundfünfzig` and `1958` are one number, `be u er es` and
`B-U-R-S` the same letters, `Müller` and `mueller` the same word. Numbers are read by `ausweis.spoken`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from unicodedata import combining, normalize

from babel.dates import get_month_names

from ausweis.spoken import words_in
from ausweis.vocabulary import Language

_FOLDED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ı": "i", "ł": "l", "ø": "o"})
_WORD = re.compile(r"[^\W\d_]+|\d+")
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
_SIGNS = {
    "punkt": ".",
    "dot": ".",
    "at": "@",
    "ät": "@",
    "klammeraffe": "@",
    "minus": "-",
    "bindestrich": "-",
    "dash": "-",
    "hyphen": "-",
    "unterstrich": "_",
    "underscore": "_",
}
_FILLERS = frozenset("der die das den dem am im vom of the in und and n s st nd rd th".split())
_HUNDREDS = {"hundert": "h", "hundred": "h", "tausend": "k", "thousand": "k"}
_ISO = re.compile(r"(\d{4}|-)-(\d{2})-(\d{2})")
CLOSE = 0.4
"""The share of letters that words which sound alike have in common at least. `Wrona` and `vorne` have the same code."""
_CODES = (("aeijouy", "0"), ("b", "1"), ("fvw", "3"), ("gkq", "4"), ("l", "5"), ("mn", "6"), ("r", "7"), ("sz", "8"))
_CODE = {letter: code for letters, code in _CODES for letter in letters}
_HARD_FIRST, _HARD = "ahkloqrux", "ahkoqux"


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case. `digits` are those of a number word, or of a written number; empty for any other."""

    word: str
    digits: str = ""

    @property
    def letters(self) -> str:
        """The word folded; a number as its digits."""
        return self.digits or folded(self.word)


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
    return "".join(_repeated(tokens))


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


def _repeated(tokens: Iterable[Token]) -> Iterator[str]:
    repeat = 1
    for token in tokens:
        if token.word in _REPEATS:
            repeat = _REPEATS[token.word]
            continue
        # A number has its digits twice already.
        yield token.letters * (1 if token.digits else repeat)
        repeat = 1


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
