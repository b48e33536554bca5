import pytest

from ausweis.reading.labels import Possible
from ausweis.reading.plausible import plausible


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
        ("password", "Sonnenblume", True),
        ("name", "…", False),
    ],
)
def test_a_number_needs_digits_and_a_date_a_date(subject: str, text: str, possible: bool) -> None:
    assert plausible(gives(subject), text, []) is possible


def test_what_the_caller_said_is_not_read_out() -> None:
    assert not plausible(READS_NUMBER, "Vier sieben eins null neun, danke.", ["Das ist die 47109."])
    assert not plausible(READS_NUMBER, "471 09, richtig?", ["vier sieben eins", "äh", "null neun"])
    assert plausible(READS_NUMBER, "Ist das noch die 47109?", ["Die Nummer habe ich nicht."])
    assert plausible(READS_NUMBER, "Ist das noch die 47109?", ["Mein Sohn ist 47."])


def test_reading_out_a_number_needs_one() -> None:
    assert not plausible(READS_NUMBER, "Stimmt die noch?", [])
    assert plausible(Possible("reads_out", "address", 0.9), "Sie wohnen noch in der Ulmenstraße?", [])
