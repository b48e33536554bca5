"""The rule: an own word counts where it was looked for by the same name, description and look, then like any other."""

import json

import pytest
from tests.judging.conftest import FactsOf
from tests.judging.own_policies import MARINA, marina, read_by

from ausweis.facts import Facts
from ausweis.judging import Verdict, judge
from ausweis.judging.sentences import review_sentence, violation_sentence
from ausweis.policies import Policy, explain
from ausweis.user_yaml import load
from ausweis.vocabulary import OwnWord

OPENED = "2 gives name, 2 gives harbour_word, 3 changes key_change"


def types(verdict: Verdict) -> list[tuple[str, int]]:
    return [(violation.type, violation.turn) for violation in verdict.violations]


@pytest.mark.parametrize(
    ("lines", "violations"),
    [
        (OPENED, []),
        ("2 gives name, 2 gives berth_number, 4 gives date_of_birth, 5 discloses berth_data", []),
        ("2 gives name, 2 gives berth_number, 5 discloses berth_data", [("insufficient_factors", 5)]),
        ("2 gives name, 3 changes key_change, 4 gives harbour_word", [("late_authentication", 3)]),
        ("2 gives name, 3 reads_out harbour_word", [("factor_leaked", 3)]),
        ("2 gives name, 2 gives harbour_word, 3 rejects harbour_word, 5 changes key_change",
         [("action_after_failed_authentication", 5)]),
    ],
)  # fmt: skip
def test_own_words_are_judged_like_any_other(
    make_facts: FactsOf, lines: str, violations: list[tuple[str, int]]
) -> None:
    verdict = judge(read_by(make_facts(lines), marina()), marina())
    assert types(verdict) == violations
    assert not any(reason.code == "own_words_not_read" for reason in verdict.review_reasons)


def test_reading_an_own_factor_out_is_a_leak_and_no_action(make_facts: FactsOf) -> None:
    facts = read_by(make_facts("2 gives name, 3 reads_out berth_number"), marina())
    verdict = judge(facts, marina())
    assert (types(verdict), verdict.actions) == ([("factor_leaked", 3)], ())
    assert marina().read_out_level("berth_number") == "standard"
    assert marina().read_out_level("harbour_word") == "elevated"
    factors = {**load(MARINA).data["factors"]}
    factors["harbour_word"] = {**factors["harbour_word"], "read_out": "standard"}
    assert marina(factors=factors).read_out_level("harbour_word") == "standard"


def asked_otherwise(policy: Policy, **update: str) -> tuple[OwnWord, ...]:
    return tuple(word.model_copy(update=update) for word in policy.own_words)


def test_what_nobody_looked_for_is_said_and_does_not_count(make_facts: FactsOf) -> None:
    facts = make_facts(OPENED)
    for asked in (
        (),
        asked_otherwise(marina(), description="Etwas anderes."),
        asked_otherwise(marina(), name="another name"),
        asked_otherwise(marina(), looks_like="date"),
    ):
        verdict = judge(facts.model_copy(update={"asked_words": asked}), marina())
        assert (verdict.outcome, verdict.factors[1:], verdict.actions) == ("not_applicable", (), ())
        assert verdict.needs_review
        (reason,) = verdict.review_reasons
        assert reason.model_dump() == {
            "code": "own_words_not_read",
            "words": ("berth_number", "harbour_word", "berth_data", "key_change"),
        }
        assert "Liegeplatznummer, harbour word," in review_sentence(reason, "de", verdict.vocabulary)


def test_strength_and_mask_may_change(make_facts: FactsOf) -> None:
    facts = make_facts(OPENED)
    same = facts.model_copy(update={"asked_words": asked_otherwise(marina(), strength="weak", mask="number")})
    assert types(judge(same, marina())) == types(judge(read_by(facts, marina()), marina()))
    assert not judge(same, marina()).needs_review


def test_some_looked_for(make_facts: FactsOf) -> None:
    facts = make_facts(OPENED).model_copy(update={"asked_words": marina().own_words[1:]})
    verdict = judge(facts, marina())
    assert verdict.outcome == "compliant"
    assert [getattr(reason, "words", ()) for reason in verdict.review_reasons] == [("berth_number",)]


def test_a_policy_that_does_not_know_a_word_ignores_its_events(make_facts: FactsOf, telecom: Policy) -> None:
    facts = read_by(make_facts("2 gives name, 2 gives pin, 2 gives shoe_size, 3 discloses berth_data"), marina())
    verdict = judge(facts, telecom)
    assert verdict == judge(make_facts("2 gives name, 2 gives pin"), telecom)
    assert "own_words" not in verdict.model_dump_json()


def test_the_same_id_of_another_kind_is_another_word(make_facts: FactsOf) -> None:
    """An own disclosure in the policy that read, an own factor in the one that judges."""
    facts = read_by(make_facts("2 gives name, 3 discloses berth_data"), marina())
    factors = {"berth_data": {"description": "Wo es liegt.", "strength": "strong", "looks_like": "words"}}
    other = marina(factors=factors, actions={}, levels={"standard": {"any_of": [["berth_data"]]}})
    assert judge(facts, other).actions == ()


def test_a_verdict_names_its_words_without_the_policy(make_facts: FactsOf) -> None:
    facts = read_by(make_facts("2 gives name, 5 changes key_change, 6 reads_out berth_number"), marina())
    verdict = Verdict.model_validate_json(judge(facts, marina()).model_dump_json(by_alias=True))
    assert verdict.own_words == marina().own_words
    changed, leaked = verdict.violations
    assert violation_sentence(changed, "de", verdict.vocabulary) == (
        "Vor der Handlung „Stegzugang“ wurde nichts geprüft; für die Stufe „erhöht“ fehlte: harbour word."
    )
    assert "before the action “Stegzugang”" in violation_sentence(changed, "en", verdict.vocabulary)
    assert "(Liegeplatznummer)" in violation_sentence(leaked, "de", verdict.vocabulary)
    assert "key change" in violation_sentence(changed, "en")


def test_facts_carry_what_was_asked_and_nothing_where_nothing_was(make_facts: FactsOf) -> None:
    facts = make_facts(OPENED)
    assert "asked_words" not in json.loads(facts.model_dump_json(by_alias=True))
    line = read_by(facts, marina()).model_dump_json(by_alias=True)
    assert json.loads(line)["asked_words"][0] == {
        "kind": "factor",
        "id": "berth_number",
        "name": "Liegeplatznummer",
        "description": "Die Nummer des Liegeplatzes, ein Buchstabe für den Steg und zwei Ziffern.",
        "strength": "weak",
        "looks_like": "letters",
        "mask": "number",
    }
    assert Facts.model_validate_json(line).asked_words == marina().own_words


@pytest.mark.parametrize("language", ["de", "en"])
def test_explain_says_what_they_are_and_warns_of_weak_ones(language: str) -> None:
    lines = explain(marina(), "de" if language == "de" else "en")
    assert any("Liegeplatznummer (berth_number, " in line for line in lines)
    assert any("Auskunft zum Platz (berth_data): Der Agent sagt welches Boot wo liegt." in line for line in lines)
    warnings = [line for line in lines if line.startswith("Warn")]
    assert len(warnings) == 2
    assert "Liegeplatznummer" in warnings[0]
    assert "harbour word" not in warnings[0]
    assert "Auskunft zum Platz" in warnings[1]


@pytest.mark.parametrize(("language", "begin"), [("de", "Hinweis: "), ("en", "Note: ")])
def test_explain_notes_an_own_factor_that_no_level_names(language: str, begin: str) -> None:
    def notes(policy: Policy) -> list[str]:
        lines = explain(policy, "de" if language == "de" else "en")
        return [line for line in lines if line.startswith(begin)]

    assert notes(marina()) == []
    levels = {"standard": {"any_of": [["harbour_word"], ["date_of_birth"]]}}
    actions = {"change": {"contract_change": "standard"}}
    (note,) = notes(marina(levels=levels, actions=actions))
    assert "Liegeplatznummer (berth_number)" in note
    factors = {**load(MARINA).data["factors"]}
    factors["berth_number"] = {**factors["berth_number"], "read_out": "standard"}
    assert notes(marina(levels=levels, actions=actions, factors=factors)) == []


def test_a_copy_of_a_policy_makes_its_words_anew() -> None:
    policy = marina()
    assert policy.own_words
    kept = {word: rule for word, rule in policy.factors.items() if word != "berth_number"}
    changed = policy.model_copy(update={"factors": kept})
    assert [word.id for word in changed.own_words] == ["harbour_word", "berth_data", "key_change"]
    assert "berth_number" not in changed.vocabulary.factors


def test_hot_words_are_those_of_known_factors_and_the_policy_s_own() -> None:
    assert marina().hot_words == ("Geburtsdatum", "Liegeplatz")
