"""Numbers as people say them, in German and English: enough to tell whether a turn has any, and which digits.

`vier sieben eins`, `4 7 1` and `471` are the digits 471; `achtundsechzig` is 68; `double five` is 55.
"""

import re

__all__ = ["digits_in", "has_number"]

_ONES_DE = "null ein zwei drei vier fünf sechs sieben acht neun".split()
_TENS_DE = {
    2: "zwanzig",
    3: "dreißig",
    4: "vierzig",
    5: "fünfzig",
    6: "sechzig",
    7: "siebzig",
    8: "achtzig",
    9: "neunzig",
}
_TEENS_DE = "zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn".split()
_ONES_EN = "zero one two three four five six seven eight nine".split()
_TEENS_EN = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS_EN = {2: "twenty", 3: "thirty", 4: "forty", 5: "fifty", 6: "sixty", 7: "seventy", 8: "eighty", 9: "ninety"}
_ORDINALS_DE = "erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte".split()
_ORDINALS_EN = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()


def _words() -> dict[str, str]:
    words = {word: str(number) for names in (_ONES_DE, _ONES_EN) for number, word in enumerate(names)}
    words |= {"eins": "1", "zwo": "2", "oh": "0"}
    words |= {word: str(10 + place) for names in (_TEENS_DE, _TEENS_EN) for place, word in enumerate(names)}
    for tens, word in _TENS_DE.items():
        words[word] = f"{tens}0"
        for ones in range(1, 10):
            words[f"{_ONES_DE[ones]}und{word}"] = f"{tens}{ones}"
    words["zwoundzwanzig"] = "22"
    for tens, word in _TENS_EN.items():
        words[word] = f"{tens}0"
        for ones in range(1, 10):
            words[f"{word}-{_ONES_EN[ones]}"] = f"{tens}{ones}"
    for number, word in enumerate(_ORDINALS_DE, start=1):
        words |= dict.fromkeys([word, f"{word}r", f"{word}n"], str(number))
    words |= {word: str(number) for number, word in enumerate(_ORDINALS_EN, start=1)}
    words |= {word.replace("ß", "ss"): digits for word, digits in words.items()}
    return words


_DIGITS_OF = _words()
_BIG = frozenset("hundert tausend hundred thousand neunzehnhundert zweitausend".split())
_REPEAT = {"double": 2, "doppel": 2, "triple": 3}
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:-[^\W\d_]+)?")
_STEM = re.compile(r"(zig|ßig|ssig|zehn|hundert|tausend|teen|ster?n?|ter?n?)$")


def digits_in(text: str) -> str:
    """All digits of a text in their order, spoken ones too; other words are passed over."""
    found = []
    repeat = 1
    for token in _TOKEN.findall(text.lower()):
        if token in _REPEAT:
            repeat = _REPEAT[token]
            continue
        digits = token if token.isdigit() else _DIGITS_OF.get(token, "")
        found.append(digits * repeat)
        repeat = 1
    return "".join(found)


def has_number(text: str) -> bool:
    """Whether the text has a written or spoken number; `ein` and `eine` alone are articles, and none."""
    for token in _TOKEN.findall(text.lower()):
        if token in ("ein", "one", "oh", "second"):
            continue
        if token.isdigit() or token in _DIGITS_OF or token in _BIG or token in _REPEAT:
            return True
        if _compound(token):
            return True
    return False


def _compound(token: str) -> bool:
    """Years and large numbers in one word: `neunzehnhundertachtundsechzig`, `fünfundzwanzigster`."""
    return _STEM.search(token) is not None and any(token.startswith(word) for word in _STARTS) and len(token) > 6


_STARTS = tuple(sorted({*_ONES_DE[1:], *_TEENS_DE, *_TENS_DE.values(), *_TEENS_EN, *_TENS_EN.values()}))
