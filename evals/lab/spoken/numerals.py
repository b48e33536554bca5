"""Numbers in words, as German and English callers say them: cardinals below a million, ordinals below a hundred."""

__all__ = ["DIGITS", "cardinal_de", "cardinal_en", "ordinal_de", "ordinal_en", "year_de", "year_en"]

DIGITS = {
    "de": ("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}
_TEENS_DE = ("zehn", "elf", "zwölf", *(f"{n}zehn" for n in "drei vier fünf sech sieb acht neun".split()))
_TENS_DE = ("", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_TEENS_EN = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS_EN = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS_DE = {1: "erste", 3: "dritte", 7: "siebte", 8: "achte"}
_ORDINALS_EN = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def cardinal_de(number: int) -> str:
    """0 to 999,999 in one word: "zweihundertdreiundvierzig"."""
    thousands, rest = divmod(number, 1_000)
    if not thousands:
        return _below_thousand_de(rest) or DIGITS["de"][0]
    return f"{_joined_de(_below_thousand_de(thousands))}tausend{_below_thousand_de(rest)}"


def _below_thousand_de(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    before = f"{_joined_de(DIGITS['de'][hundreds])}hundert" if hundreds else ""
    if rest < 10:
        return before + (DIGITS["de"][rest] if rest else "")
    if rest < 20:
        return before + _TEENS_DE[rest - 10]
    tens, ones = divmod(rest, 10)
    return before + (f"{_joined_de(DIGITS['de'][ones])}und" if ones else "") + _TENS_DE[tens]


def _joined_de(word: str) -> str:
    """A number as it goes before another part of its word: "eins" loses its s."""
    return f"{word[:-4]}ein" if word.endswith("eins") else word


def ordinal_de(number: int) -> str:
    """1 to 99 with the ending that "der" asks for: "dritte"."""
    return _ORDINALS_DE.get(number) or cardinal_de(number) + ("te" if number < 20 else "ste")


def year_de(year: int) -> str:
    """1100 to 1999 in hundreds: "neunzehnhundertdreiundachtzig"; others as they are."""
    hundreds, rest = divmod(year, 100)
    if 11 <= hundreds <= 19:
        return f"{cardinal_de(hundreds)}hundert{cardinal_de(rest) if rest else ''}"
    return cardinal_de(year)


def cardinal_en(number: int) -> str:
    """0 to 999,999, British: "two hundred and forty-three"."""
    thousands, rest = divmod(number, 1_000)
    if not thousands:
        return _below_thousand_en(rest)
    before = f"{_below_thousand_en(thousands)} thousand"
    return before if not rest else f"{before} {'and ' if rest < 100 else ''}{_below_thousand_en(rest)}"


def _below_thousand_en(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if hundreds:
        return f"{DIGITS['en'][hundreds]} hundred" + (f" and {_below_thousand_en(rest)}" if rest else "")
    if rest < 10:
        return DIGITS["en"][rest]
    if rest < 20:
        return _TEENS_EN[rest - 10]
    tens, ones = divmod(rest, 10)
    return _TENS_EN[tens] + (f"-{DIGITS['en'][ones]}" if ones else "")


def ordinal_en(number: int) -> str:
    """1 to 99: "twenty-third"."""
    *before, last = cardinal_en(number).replace("-", " - ").split(" ")
    regular = f"{last[:-1]}ieth" if last.endswith("y") else f"{last.removesuffix('t')}th"
    return " ".join([*before, _ORDINALS_EN.get(last, regular)]).replace(" - ", "-")


def year_en(year: int) -> str:
    """1100 to 2099 as two pairs, but 2000 to 2009 as they are: "nineteen eighty-three", "two thousand and four"."""
    hundreds, rest = divmod(year, 100)
    if hundreds == 20 and rest < 10:
        return cardinal_en(year)
    if not rest:
        return f"{cardinal_en(hundreds)} hundred"
    return f"{cardinal_en(hundreds)} {'oh ' if rest < 10 else ''}{cardinal_en(rest)}"
