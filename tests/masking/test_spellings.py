"""The rule: however a number is written, nobody can read it in what is shown; what holds none is shown as it is."""

import re
from collections.abc import Sequence
from time import process_time
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.masking import mask
from ausweis.masking.text import spans_of
from ausweis.masking.tokens import plain
from ausweis.vocabulary import Language

SPELLINGS: Sequence[Sequence[str]] = [
    "0123456789",
    "０１２３４５６７８９",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    "𝟶𝟷𝟸𝟹𝟺𝟻𝟼𝟽𝟾𝟿",
    "⁰¹²³⁴⁵⁶⁷⁸⁹",
    "₀₁₂₃₄₅₆₇₈₉",
    "٠١٢٣٤٥٦٧٨٩",
    "०१२३४५६७८९",
    "⓪①②③④⑤⑥⑦⑧⑨",
    "⓿❶❷❸❹❺❻❼❽❾",
    "0⑴⑵⑶⑷⑸⑹⑺⑻⑼",
    "🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐",
    "〇一二三四五六七八九",
    [f"{digit}\ufe0f\u20e3" for digit in range(10)],
    [f"{digit}\u0336" for digit in range(10)],
    [f"{digit}\u20dd" for digit in range(10)],
    [f"{digit}\u0301\u0327\u0489\u0336" for digit in range(10)],
    "null eins zwei drei vier fünf sechs sieben acht neun".split(),
    "zero one two three four five six seven eight nine".split(),
]
UNSEEN = ["", "\u200b", "\u200d", "\u2060", "\ufeff", "\xad", "\u3164", "\u0336"]
# A share says what is counted ("20 % 30 %"), and what is masked already is no separator.
SIGNS = [
    sign
    for sign in map(chr, [*range(1, 0x3100), *range(0x1F300, 0x1F700), *range(0xE000, 0xE010), *range(0xFE00, 0xFF00)])
    if category(sign)[0] in "CMPSZ" and sign not in "%‰°‹›"
]
SEPARATORS = st.one_of(
    st.sampled_from([" ", ".", "/", "_", "·", "-", "\n", "😀", "👩‍👧", "…", " - ", "|", ", ", "€", "*️⃣", "." * 30]),
    st.lists(st.sampled_from(SIGNS), min_size=1, max_size=6).map("".join),
)
LANGUAGES: st.SearchStrategy[Language] = st.sampled_from(["de", "en"])
DIGITS = st.lists(st.integers(0, 9), min_size=5, max_size=12)
TALK = st.lists(
    st.sampled_from(
        [
            "Das passt so.", "um halb drei", "zwei Wochen", "noch 24 Monate", "85 m² Wohnung", "2½ Stunden",
            "meine Frau ist krank", "Können Sie das prüfen?", "in three weeks", "at half past two", "for two years",
            "that is 20°", "and 5 % more", "Rechnung bitte!", "Just a second…", "mit 50 GB", "a dog", "mein Hund", "🙂",
            "naïve", "Ich hab’s", "can’t you?", "(bitte)", "a–b",
        ]
    ),
    max_size=8,
).map(" passt ".join)  # fmt: skip
PERSONAL = st.lists(
    st.sampled_from(
        [
            "mein Name ist Hilke Brandt.", "my name is äh", "Weber", "Anna", "hier", "speaking", "47", "8", "12-12-20",
            "Herr Wiesner.", "frau", "Klein", "drei", "29 Euro", "€", "Ulmenstraße 5", "a@example.de",
            "at example dot de", "22. Juli 1949", "am 3.3.", "DE89 3704 0044 0532 0130 00", "①②③", "A B C D",
            "Mahnungen", "kommen", ",", ".", "Dr.", "von", "und", "seit 2019",
        ]
    ),
    max_size=12,
).map(" ".join)  # fmt: skip
READABLE = re.compile(r"(?:\d[\W_]*){3}")


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Five digits and more, spelled in one way and set apart in one way, or all of it mixed."""
    digits, spelled = draw(DIGITS), draw(st.sampled_from(SPELLINGS))
    words = len(spelled[0]) > 1 and spelled[0].isalpha()
    apart = draw(SEPARATORS if words else st.one_of(SEPARATORS, st.sampled_from(UNSEEN)))
    mixed = not words and draw(st.booleans())
    found = ""
    for digit in digits:
        one = draw(st.sampled_from(SPELLINGS[:-2])) if mixed else spelled
        found += one[digit] + (draw(SEPARATORS) if mixed else apart)
    return found


@given(number=numbers(), language=LANGUAGES)
def test_no_number_stays_readable_however_it_is_written(number: str, language: Language) -> None:
    before, behind = ("Das ist ", " ja.") if language == "de" else ("That is ", " yes.")
    shown = mask(before + number + behind, language=language)
    assert READABLE.search(plain(shown).text) is None
    assert shown.startswith(before)
    assert shown.endswith(behind)


@given(text=st.one_of(PERSONAL, numbers(), TALK), language=LANGUAGES)
def test_what_is_masked_stays_as_it_is(text: str, language: Language) -> None:
    once = mask(text, language=language)
    assert mask(once, language=language) == once


@given(text=TALK, language=LANGUAGES)
def test_talk_without_personal_data_stays_as_it_is(text: str, language: Language) -> None:
    assert mask(text, language=language) == text


@given(text=st.one_of(st.text(max_size=80), PERSONAL, numbers(), st.text("12aäA\u0336\u0308ﬁ.‹› ", max_size=40)))
def test_spans_stand_in_order_in_the_text_and_cut_through_no_sign(text: str) -> None:
    spans, shape = spans_of(text), plain(text)
    ends = [0, *(end for span in spans for end in (span.start, span.end)), len(text)]
    assert ends == sorted(ends)
    assert all(span.start < span.end for span in spans)
    assert {span.start for span in spans} <= set(shape.starts)
    assert {span.end for span in spans} <= set(shape.ends)


@given(st.text())
def test_each_plain_sign_knows_its_place(text: str) -> None:
    shape = plain(text)
    assert len(shape.text) == len(shape.starts) == len(shape.ends)
    assert shape.starts == sorted(shape.starts)
    assert all(start < end <= len(text) for start, end in zip(shape.starts, shape.ends, strict=True))
    if text.isascii():
        assert shape.text == text


@pytest.mark.parametrize(
    "piece",
    [
        " ", "_", ".", "1", "1 ", "1_", "1.", "12-", "1\u0336", "\u0336", "\u0301\u0336", "a", "a ", "a\u0308", "A ",
        "A. ", "Aa. ", "a.", "a’", "a@", "‹", "DE12", "eins ", "Anna ", "Herr ", "Weber. ", "hier ", "straße ", "at ",
        "at a ", "mai ", "a wie ", "double ", "€", "1 €", "1%", "ﬃ", "\ufdfa",
    ],
)  # fmt: skip
def test_four_times_the_text_takes_four_times_as_long(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        began = process_time()
        mask(text, language="de")
        return process_time() - began

    seconds(1000)
    short, long = seconds(10_000), seconds(40_000)
    assert long < 8 * short + 4
