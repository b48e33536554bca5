"""Numbers and dates as people say them, in German and English: whether a turn has any, and which digits.

`vier sieben eins`, `4 7 1` and `471` are the digits 471; `achtundsechzig` is 68, and so is `acht und sechzig`, as
ASR models write it; `double five` is 55. `one` and `oh` count beside another English number, and not alone.
"""

import re
from collections.abc import Iterator
from unicodedata import normalize

_ONES_DE = "null ein zwei drei vier fünf sechs sieben acht neun".split()
_TEENS_DE = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
_TENS_DE = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_ORDINALS_DE = "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte".split()
_ONES_EN = "zero one two three four five six seven eight nine".split()
_TEENS_EN = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS_EN = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS_EN = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()


def _german() -> dict[str, str]:
    """Numbers below a hundred with their digits, and the ordinals of them."""
    words = {word: str(number) for number, word in enumerate([*_ONES_DE, *_TEENS_DE])} | {"zwo": "2"}
    ones = {word: digits for word, digits in words.items() if 0 < int(digits) < 10}
    for tens, word in enumerate(_TENS_DE, start=2):
        words[word] = f"{tens}0"
        words |= {f"{one}und{word}": f"{tens}{digit}" for one, digit in ones.items()}
    ordinals = {word: str(number) for number, word in enumerate(_ORDINALS_DE, start=1)}
    for word, digits in words.items():
        if int(digits) > 12:
            ordinals[word + ("te" if int(digits) < 20 else "ste")] = digits
    for ending in ("", "r", "n"):
        words |= {word + ending: digits for word, digits in ordinals.items()}
    words["eins"] = "1"
    return words | {word.replace("ß", "ss"): digits for word, digits in words.items()}


def _english() -> dict[str, str]:
    words = {word: str(number) for number, word in enumerate([*_ONES_EN, *_TEENS_EN])} | {"oh": "0"}
    words |= {f"{word}th": digits for word, digits in words.items() if int(digits) > 12}
    words |= {word: str(number) for number, word in enumerate(_ORDINALS_EN, start=1)}
    ones = {word: digits for word, digits in words.items() if 0 < int(digits) < 10}
    for tens, word in enumerate(_TENS_EN, start=2):
        words |= {word: f"{tens}0", f"{word[:-1]}ieth": f"{tens}0"}
        words |= {f"{word}{one}": f"{tens}{digit}" for one, digit in ones.items()}
    return words


_GERMAN = _german()
_ENGLISH = _english()
_DIGITS_OF = _GERMAN | _ENGLISH
del _DIGITS_OF["ein"]  # An article nearly always; the digit is `eins`.
_BIG = frozenset("hundert tausend hundred thousand".split())
_REPEAT = {"double": 2, "doppel": 2, "triple": 3}
_BESIDE_OTHERS = frozenset({"one", "oh"})

_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_APART_DE = re.compile(rf"\b({'|'.join(_ONES_DE[1:])}|zwo) und (?={'|'.join(_TENS_DE)}|dreissig)")
_APART_EN = re.compile(rf"\b({'|'.join(_TENS_EN)})[ -](?=(?:{'|'.join([*_ONES_EN[1:], *_ORDINALS_EN[:9]])})\b)")
_MOMENT = re.compile(r"\b(a|one|per) second\b")
_DATE = re.compile(
    r"\b(januar|jänner|februar|märz|april|mai|juni|juno|juli|august|september|oktober|november|dezember"
    r"|january|february|march|may|june|july|october|december)\b|\b\d{1,2}\.\s?\d{1,2}\.",
    re.IGNORECASE,
)
_BELOW = "|".join(sorted(_GERMAN, key=len, reverse=True))
_LARGE = re.compile(rf"(({_BELOW})?tausend)?(({_BELOW})?hundert)?(?:und)?({_BELOW})?")


def digits_in(text: str) -> str:
    """All digits of a text in their order, spoken ones too; other words are passed over."""
    return "".join(digits for _, digits in _numbers(text))


def has_number(text: str) -> bool:
    """Whether the text has a written or spoken number; articles and `second`, alone, are none."""
    return any(word != "second" for word, _ in _numbers(text))


def has_date(text: str) -> bool:
    """Whether a month is named, or a day and a month stand there in digits."""
    return _DATE.search(text) is not None


def _numbers(text: str) -> Iterator[tuple[str, str]]:
    """The words that are numbers, with their digits; `hundert` and the like, for themselves, have none."""
    return ((word, digits) for word, digits in words_in(text) if digits or word in _BIG)


def words_in(text: str) -> Iterator[tuple[str, str]]:
    """All words of a text in lower case, each with its digits; those of a word that is no number are empty."""
    text = _MOMENT.sub(" ", normalize("NFC", text).lower())
    words = _TOKEN.findall(_APART_EN.sub(r"\1", _APART_DE.sub(r"\1und", text)))
    repeat = 1
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        digits = word if word.isdigit() else _DIGITS_OF.get(word) or _large(word)
        if word in _BESIDE_OTHERS and not (_english_number(before) or _english_number(after)):
            digits = ""
        yield word, digits * repeat
        repeat = _REPEAT.get(word, 1)


def _english_number(word: str) -> bool:
    return word in _ENGLISH or word in _REPEAT


def _large(word: str) -> str:
    """The digits of `neunzehnhundertachtundsechzig`, `zweitausendvier` or `hundertelf`; none for another word."""
    match = None if word in _BIG else _LARGE.fullmatch(word)
    if match is None:
        return ""
    thousand, thousands, hundred, hundreds, rest = match.groups()
    value = 1000 * int(_GERMAN.get(thousands, "1")) if thousand else 0
    value += 100 * int(_GERMAN.get(hundreds, "1")) if hundred else 0
    return str(value + int(_GERMAN.get(rest, "0"))) if value else ""
