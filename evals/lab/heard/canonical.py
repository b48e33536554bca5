"""Spoken and written German and English made alike, so that only what was misheard differs.

`neunzehn hundert acht und fünfzig`, `neunzehnhundertachtundfünfzig` and `1958` are one number, `be u er es` and
`B-U-R-S` the same letters, `Müller` and `mueller` the same word. Numbers are read by `ausweis.spoken`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from unicodedata import combining, normalize

from ausweis.spoken import words_in

__all__ = ["Token", "digits_of", "folded", "letters_of", "signs_of", "spelled_in", "tokens_of"]

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
