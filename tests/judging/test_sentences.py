"""Every code has a sentence in both languages, which takes its values; what version 1 said is shown as it was."""

import string
from typing import get_args

import pytest
from tests.judging.conftest import FactsOf, Judged

from ausweis.judging.reasons import CheckReason, ReviewReason, TextReason, ViolationReason
from ausweis.judging.sentences import (
    SENTENCES,
    check_sentence,
    incident_sentence,
    review_sentence,
    speaking_sentence,
    violation_sentence,
)
from ausweis.judging.verdict import Check, Incident, Violation
from ausweis.vocabulary import Language


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


MODELS = {model for union in (ViolationReason, CheckReason, ReviewReason) for model in get_args(get_args(union)[0])} - {
    TextReason
}
CODES = {code: model for model in MODELS for code in get_args(model.model_fields["code"].annotation)}


def test_every_code_has_a_sentence_in_both_languages() -> None:
    assert set(SENTENCES["de"]) == set(SENTENCES["en"]) == set(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_both_sentences_say_all_that_the_reason_holds(code: str) -> None:
    german, english = (fields(SENTENCES[language][code]) for language in ("de", "en"))
    assert german == english
    assert german - {"action", "violation"} == set(CODES[code].model_fields) - {"code"}


LACKING = {"level": "high {x}", "missing": [["pin"], ["name", "date_of_birth"]]}
VIOLATION = {"type": "late_authentication", "turn": 3, "severity": "high", "action": "device_change"}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "de",
            "Erst nach der Änderung an Karte oder Gerät kam in Redebeitrag 7: Einmalcode. Vorher fehlte für die "
            "Stufe „high {x}“: PIN oder Name + Geburtsdatum.",
        ),
        (
            "en",
            "Only after the change of a card or device, in turn 7, came: one-time code. Before it the level “high {x}” "
            "lacked: PIN or name + date of birth.",
        ),
    ],
)
def test_a_violation_in_the_reader_s_language(language: Language, sentence: str) -> None:
    reason = {"code": "late_authentication", "turn": 7, "factor": "one_time_code", **LACKING}
    assert violation_sentence(Violation.model_validate({**VIOLATION, "reason": reason}), language) == sentence


def test_a_third_party_that_the_policy_never_allows() -> None:
    reason = {"code": "unauthorised_third_party", "accepted": []}
    told = Violation.model_validate({**VIOLATION, "type": "unauthorised_third_party", "reason": reason})
    assert "the policy's leave" in violation_sentence(told, "en")


SPOKEN = {
    "1 gives name, 6 discloses usage_data": ("", ""),
    "1 speaks_for_other, 2 discloses usage_data": (
        "ab Redebeitrag 1 geht es um das Konto eines anderen",
        "from turn 1 on it is about somebody else's account",
    ),
    "1 gives name, 6 discloses usage_data, 11 speaks_for_other, 12 refuses, 16 discloses usage_data": (
        "ab Redebeitrag 11 geht es um das Konto eines anderen; in Redebeitrag 12 abgelehnt, danach wohl wieder um das "
        "eigene",
        "from turn 11 on it is about somebody else's account; refused in turn 12, and since then probably about the "
        "own one again",
    ),
    "1 gives name, 7 speaks_for_other, 8 refuses, 9 speaks_for_self": (
        "ab Redebeitrag 7 geht es um das Konto eines anderen; ab Redebeitrag 9 wieder um das eigene",
        "from turn 7 on it is about somebody else's account; from turn 9 on about the own one again",
    ),
    "1 speaks_for_other, 3 holder_joins, 3 gives name, 7 speaks_for_other": (
        "ab Redebeitrag 1 geht es um das Konto eines anderen; ab Redebeitrag 3 spricht der Kontoinhaber; ab "
        "Redebeitrag 7 geht es um das Konto eines anderen",
        "from turn 1 on it is about somebody else's account; from turn 3 on the account holder speaks; from turn 7 on "
        "it is about somebody else's account",
    ),
    # What the verdict is about is told, however likely; what it leaves out is not.
    "1 speaks_for_other ~0.45, 2 discloses usage_data, 3 gives name, 3 gives pin": ("", ""),
    "1 speaks_for_other ~0.3, 1 pre_authenticated, 1 speaks_for_other ~0.3, 2 discloses usage_data": (
        "ab Redebeitrag 1 geht es um das Konto eines anderen",
        "from turn 1 on it is about somebody else's account",
    ),
}


@pytest.mark.parametrize(("lines", "told"), SPOKEN.items())
def test_who_speaks_for_whom_since_when_is_said_as_the_verdict_has_it(
    judged: Judged, make_facts: FactsOf, lines: str, told: tuple[str, str]
) -> None:
    verdict = judged(lines)
    assert (
        speaking_sentence(make_facts(lines), verdict, "de"),
        speaking_sentence(make_facts(lines), verdict, "en"),
    ) == told


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_sentence_of_version_1_is_shown_as_it_is(language: Language) -> None:
    text = "Vor der {action} fehlte: PIN."
    assert violation_sentence(Violation.model_validate({**VIOLATION, "reason": text}), language) == text
    check = Check.model_validate({"id": "caller_identified", "result": "fail", "reason": text})
    assert check_sentence(check, language) == text
    assert review_sentence(TextReason(text=text), language) == text


def test_a_known_incident_in_our_words_and_a_company_s_own_in_the_policy_s() -> None:
    known = Incident(id="rude_agent", turn=1, severity="low", description="Als es noch im Urteil stand.")
    own = Incident(id="notice", turn=1, severity="low", description="Der Agent nennt die falsche Kündigungsfrist.")
    assert incident_sentence(known, "en") == "The agent insults, mocks or belittles the caller."
    assert incident_sentence(own, "en") == own.description
