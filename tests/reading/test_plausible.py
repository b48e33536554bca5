from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.reading import plausible as reading
from ausweis.reading.labels import Possible
from ausweis.spoken import digits_in, has_number
from ausweis.vocabulary import WITH_DIGITS, Factor, FactorRecord, LooksLike, OwnWord, with_own


def plausible(event: Possible, text: str, said: Sequence[str], *factors: Mapping[str, FactorRecord]) -> bool:
    return reading.plausible(event, text, "".join(map(digits_in, said)), *factors)


def gives(subject: str) -> Possible:
    return Possible("gives", subject, 0.9)


READS_NUMBER = Possible("reads_out", "customer_number", 0.9)


@pytest.mark.parametrize(
    ("subject", "text", "possible"),
    [
        ("pin", "vier null eins zwei", True),
        ("pin", "4012", True),
        ("pin", "Die hab ich gerade nicht da.", False),
        ("customer_number", "Moment, ich schau nach.", False),
        ("date_of_birth", "im Mai irgendwann", True),
        ("date_of_birth", "Das wissen Sie doch.", False),
        ("date_of_birth", "Steht in meiner Mail.", False),
        ("date_of_birth", "second of May", True),
        ("pin", "Können Sie das einrichten?", False),
        ("pin", "One moment, a second please.", False),
        ("pin", "one one one one", True),
        ("iban_last4", "DE", False),
        ("password", "Sonnenblume", True),
        ("password", "4711", True),
        ("name", "…", False),
    ],
)
def test_a_number_needs_digits_and_a_date_a_date(subject: str, text: str, possible: bool) -> None:
    assert plausible(gives(subject), text, []) is possible


def test_what_the_caller_said_is_not_read_out() -> None:
    assert not plausible(READS_NUMBER, "Vier sieben eins null neun, danke.", ["Das ist die 47109."])
    assert not plausible(READS_NUMBER, "471 09, richtig?", ["vier sieben eins", "äh", "null neun"])
    assert not plausible(READS_NUMBER, "Einen Moment, ein 47109?", ["vier", "sieben eins", "null", "neun"])
    assert not plausible(READS_NUMBER, "One moment, double five four oh one.", ["55401"])
    assert plausible(READS_NUMBER, "Ist das noch die 47109?", ["Die Nummer habe ich nicht."])
    assert plausible(READS_NUMBER, "Ist das noch die 47109?", [])
    assert plausible(READS_NUMBER, "Und die 47190?", ["47109"])
    assert plausible(READS_NUMBER, "Ist das noch die 47109?", ["Mein Sohn ist 47."])


def test_reading_out_a_number_needs_one() -> None:
    assert not plausible(READS_NUMBER, "Stimmt die noch?", [])
    assert plausible(Possible("reads_out", "address", 0.9), "Sie wohnen noch in der Ulmenstraße?", [])


def test_a_birth_date_repeated_in_other_words_is_the_caller_s() -> None:
    reads_date = Possible("reads_out", "date_of_birth", 0.9)
    said = ["am fünfundzwanzigsten dritten", "neunzehnhundertachtundsechzig"]
    assert not plausible(reads_date, "25.3.1968, danke.", said)
    assert not plausible(reads_date, "fünf und zwanzigster dritter acht und sechzig", ["25.3.68"])
    assert plausible(reads_date, "24.3.1968, danke.", said)


@given(st.text(alphabet="0123456789", min_size=4, max_size=12), st.data())
def test_digits_come_back_in_any_form_and_any_pieces(number: str, data: st.DataObject) -> None:
    words = "null eins zwei drei vier fünf sechs sieben acht neun".split()
    shape = st.lists(st.booleans(), min_size=len(number), max_size=len(number))

    def said(spoken: list[bool], parted: list[bool]) -> list[str]:
        parts = [""]
        for digit, speak, part in zip(number, spoken, parted, strict=True):
            parts += [""] if part else []
            parts[-1] += f" {words[int(digit)]}" if speak else f" {digit}"
        return parts

    told = " ".join(said(data.draw(shape), data.draw(shape)))
    assert plausible(READS_NUMBER, told, [])
    assert not plausible(READS_NUMBER, told, said(data.draw(shape), data.draw(shape)))


@given(st.sampled_from(sorted(WITH_DIGITS)), st.text(alphabet="abcdxyzäöüß .,!?\n", max_size=60))
def test_without_a_number_nothing_with_digits_was_given(subject: Factor, text: str) -> None:
    assert plausible(gives(subject), text, []) is has_number(text)
    assert plausible(gives(subject), f"{text} 7", [])


@pytest.mark.parametrize(
    ("looks_like", "text", "possible"),
    [
        ("digits", "Liegt im Auto.", False),
        ("letters", "B siebzehn", True),
        ("letters", "Liegt im Auto.", False),
        ("date", "Irgendwann im Mai.", True),
        ("date", "Letztens halt.", False),
        ("words", "Möwe", True),
    ],
)
def test_own_factors_follow_the_same_rules_by_what_they_look_like(
    looks_like: LooksLike, text: str, possible: bool
) -> None:
    word = OwnWord(kind="factor", id="berth", name="Liegeplatz", description="Wo es liegt.", looks_like=looks_like)
    factors = with_own((word,)).factors
    assert plausible(gives("berth"), text, [], factors) is possible
    assert plausible(Possible("reads_out", "berth", 0.9), text, [], factors) is (possible and "Mai" not in text)
    assert not plausible(Possible("reads_out", "berth", 0.9), "Die 47109?", ["47109"], factors) or looks_like == "words"
