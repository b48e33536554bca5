from collections.abc import Sequence

import pytest

from ausweis.reading.value_shapes import MOST, Fit, Shape, fits_of, shape_of, values_in
from ausweis.vocabulary import OwnWord


def word(description: str, looks_like: str = "letters") -> OwnWord:
    return OwnWord.model_validate(
        {
            "kind": "factor",
            "id": "w",
            "name": "n",
            "description": description,
            "looks_like": looks_like,
            "strength": "weak",
        }
    )


def fit(line: str, *words: OwnWord) -> Fit:
    ((first, *_),) = fits_of([line], words)
    return first


@pytest.mark.parametrize(
    ("description", "looks_like", "shape"),
    [
        ("Siebenstellige Nummer des Auftrags", "digits", Shape(digits=(7, 7))),
        ("The four digits that the child taps in", "digits", Shape(digits=(4, 4))),
        ("Your firm's own five-figure number with us", "digits", Shape(digits=(5, 5))),
        ("Die vier Geheimziffern der Kundenkarte", "digits", Shape(digits=(4, 4))),
        ("Nummer auf dem Schein, zwei Buchstaben und fünf Ziffern", "letters", Shape((5, 5), (2, 2))),
        ("Kürzel der Firma, drei bis fünf Buchstaben", "letters", Shape(letters=(3, 5))),
        ("Code der Buchung, sechs Zeichen", "letters", Shape(characters=(6, 6))),
        ("Sechs Buchstaben und Ziffern oben auf dem Ticket", "letters", Shape(characters=(6, 6))),
        ("A six-digit number that stays the same", "digits", Shape((6, 6))),
        ("A number of one customer", "digits", Shape()),
        ("The fixed address, four numbers with dots", "digits", Shape()),
        ("Steht oben, W und fünf Ziffern", "letters", Shape((5, 5), prefix="w")),
        ("Die Nummer des Passes, sie beginnt mit AW", "letters", Shape(prefix="aw")),
        ("being the letters RW and four digits", "letters", Shape((4, 4), prefix="rw")),
        ("The code on the slip, such as RQ 7 T 41", "letters", Shape((3, 3), (3, 3))),
        ("PIN mit vier Ziffern", "digits", Shape((4, 4))),
        ("Code mit sechs Zeichen, der per SMS kommt", "letters", Shape(characters=(6, 6))),
        ("TAN mit sechs Zeichen", "letters", Shape(characters=(6, 6))),
        ("Sechs- bis achtstellige Nummer", "digits", Shape((6, 8))),
        ("4-6 digits", "digits", Shape((4, 6))),
        ("Between four and six digits", "digits", Shape((4, 6))),
        ("At least six digits", "digits", Shape((6, MOST))),
        ("Höchstens vier Ziffern", "digits", Shape((1, 4))),
        ("Eine geheime Ziffernfolge", "digits", Shape()),
        ("Eine Prüfziffer", "digits", Shape()),
        ("Zweimal vier Ziffern", "digits", Shape()),
        ("four blocks of five digits", "digits", Shape()),
        ("Vier Ziffern, Bindestrich und zwei Ziffern", "digits", Shape()),
        ("Nummer auf dem Formular F12", "letters", Shape()),
        ("Nummer wie B2 17", "letters", Shape((3, 3), (1, 1))),
        ("Sechs Ziffern und Buchstaben", "letters", Shape(characters=(6, 6))),
        ("ſechs Ziffern", "digits", Shape((6, 6))),
        ("DREİ Ziffern", "digits", Shape()),
        ("00 Ziffern", "digits", Shape()),
        ("Die Nummer auf dem grünen Zettel", "digits", Shape()),
        ("Eine Nummer aus der SMS", "digits", Shape()),
        ("Vier Ziffern", "words", Shape()),
        ("Der vierte Buchstabe", "date", Shape()),
    ],
)
def test_what_a_description_tells_of_the_value(description: str, looks_like: str, shape: Shape) -> None:
    assert shape_of(word(description, looks_like)) == shape


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("B zwei zwei acht vier null, Auto XM 77", ["b22840", "xm77"]),
        ("KH7F2X09, und der erste Raum heißt Höhle", ["kh7f2x09", "1"]),
        ("ka ka zwo null vier eins sieben", ["kk20417"]),
        ("K as in kite, two, two nine oh four.", ["k22904"]),
        ("Konrad, drei eins, Ende", ["k31"]),
        ("vier, eins ... dann null und eine sieben", ["4107"]),
        ("BFN seven seven oh. The seal is one nine three", ["bfn770", "193"]),
        ("it's AB 12345", ["ab12345", "b12345"]),
        ("Ja, es ist AB 12345, I think", ["sab12345", "ab12345", "b12345"]),
        ("Hm, KK 20417", ["kk20417"]),
        ("OK, die Nr. 20417", ["20417"]),
        ("PIN 4711", ["4711"]),
        ("4711 und 4712", ["47114712", "4711", "4712"]),
        ("AB eins zwei drei ja vier fünf", ["ab12345", "b12345"]),
        ("double K, 20417", ["kk20417"]),
        ("I like four one", ["41"]),
        ("the 4th, 5kg", ["4", "5"]),
        ("der Hund heißt Fiete", []),
        ("PIN? Weiß ich nicht.", []),
        ("", []),
    ],
)
def test_values_are_runs_of_digits_and_letters(line: str, values: Sequence[str]) -> None:
    assert values_in(line) == values


SLIP = word("zwei Buchstaben und fünf Ziffern")
STAY = word("W und fünf Ziffern")
TILL = word("the four digits of the till", "digits")
NOTE = word("die Nummer auf dem Zettel", "digits")


@pytest.mark.parametrize(
    ("line", "asked", "how"),
    [
        ("AB 12345", SLIP, Fit(fits=True)),
        ("a be eins zwei drei vier fünf", SLIP, Fit(fits=True)),
        ("it's AB 12345, you know", SLIP, Fit(fits=True)),
        ("Nr. 12345", SLIP, Fit(differs=True)),
        ("AB 123", SLIP, Fit(short=True)),
        ("AB 1234567", SLIP, Fit(differs=True)),
        ("four four, one nine, nine", TILL, Fit(differs=True)),
        ("Nummer W 55102", STAY, Fit(fits=True, prefix=True)),
        ("weh fünf fünf eins", STAY, Fit(short=True, prefix=True)),
        ("X 55102", STAY, Fit(differs=True)),
        ("forty four, then nineteen", TILL, Fit(fits=True)),
        ("it is four, no wait, four four, one nine", TILL, Fit(fits=True)),
        ("four four nineteen and a bit", TILL, Fit(fits=True)),
        ("I don't know it", TILL, Fit()),
        ("4711", NOTE, Fit()),
    ],
)
def test_how_a_line_fits(line: str, asked: OwnWord, how: Fit) -> None:
    assert fit(line, asked) == how


def test_each_line_and_word_is_told_of() -> None:
    told = fits_of(["AB 12345", "W 55102"], [SLIP, STAY])
    assert [[one.fits for one in line] for line in told] == [[True, False], [False, True]]


def test_a_category_has_no_shape() -> None:
    category = OwnWord(kind="disclosure", id="w", name="n", description="four digits are told")
    assert fit("4711", category) == Fit()


def test_a_long_row_of_words_that_may_be_letters_gives_a_few_values() -> None:
    assert len(values_in("a " * 5_000 + "5")) == 4
