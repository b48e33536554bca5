import pytest

from ausweis.judging.verdict import Action, Authorisation, Incident, UsedFactor, Verdict, Violation
from ausweis.views.advice import advice, incident_advice
from ausweis.views.words import Words
from ausweis.vocabulary import CATEGORIES, INCIDENTS, VIOLATIONS, Category, Language, OwnWord, ViolationType


def judged(kind: ViolationType, category: Category | None) -> tuple[Violation, Verdict]:
    violation = Violation(type=kind, turn=4, severity="high", action=category, reason="r")
    action = [
        Action(turn=4, kind=CATEGORIES[category].kind, category=category, quote="q", level="elevated", met=False)
        for category in ([category] if category else [])
    ]
    verdict = Verdict(
        call_id="c",
        outcome="violation",
        violations=(violation,),
        first_violation_turn=4,
        caller="unclear",
        factors=(UsedFactor(factor="address", turn=4, quote="SECRET", status="leaked"),),
        actions=tuple(action),
        authorisation=Authorisation(status="not_needed"),
        checks=(),
        risk=1,
        confidence=1,
        needs_review=False,
    )
    return violation, verdict


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("category", [*CATEGORIES, None])
@pytest.mark.parametrize("kind", VIOLATIONS)
def test_every_violation_has_a_sentence_that_quotes_nothing(
    kind: ViolationType, category: Category | None, language: Language
) -> None:
    sentence = advice(*judged(kind, category), Words(language)).whole
    assert sentence.endswith(".")
    assert "{" not in sentence
    assert "SECRET" not in sentence


def test_it_names_action_and_level() -> None:
    assert advice(*judged("no_authentication", "contact_change"), Words("en")).whole == (
        "Authenticate the caller before the change of contact data (level “elevated”); "
        "otherwise change nothing, and ask for the request in writing."
    )


def test_a_leak_names_what_was_told() -> None:
    assert advice(*judged("factor_leaked", None), Words("de")).whole.startswith("Offen danach fragen (Adresse)")


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_known_incident_has_a_sentence_and_one_of_the_companys_own_has_none(language: Language) -> None:
    def sentence(kind: str) -> str:
        return incident_advice(Incident(id=kind, turn=1, severity="low", description=""), Words(language)).whole

    assert all(sentence(kind).endswith(".") for kind in INCIDENTS)
    assert sentence("own_kind") == ""


def test_it_names_what_a_policy_named_itself() -> None:
    word = OwnWord(kind="change", id="key_change", name="Stegzugang", description="Der Agent sperrt einen Schlüssel.")
    dog = OwnWord(kind="factor", id="address", name="Hund", description="Wie der Hund heißt.")
    violation, verdict = judged("no_authentication", "contact_change")
    violation = violation.model_copy(update={"action": "key_change"})
    verdict = verdict.model_copy(update={"own_words": (word,)})
    assert advice(violation, verdict, Words("de")).whole == (
        "Vor der Handlung „Stegzugang“ die Identität des Anrufers prüfen; "
        "andernfalls nichts ändern und auf den schriftlichen Weg verweisen."
    )
    leak, verdict = judged("factor_leaked", None)
    verdict = verdict.model_copy(update={"own_words": (dog,)})
    assert advice(leak, verdict, Words("de")).whole.startswith("Offen danach fragen (Hund)")
