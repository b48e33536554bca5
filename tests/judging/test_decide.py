"""A table of cases for every rule of judgement and every row of the table of violations."""

import pytest
from tests.judging.conftest import Judged

from ausweis.judging import Verdict
from ausweis.judging.sentences import check_sentence, review_sentence, violation_sentence
from ausweis.policies import Policy

N = "1 gives name, "
CASES = {
    # rule 1: the caller says it, nobody rejects it
    "going on is accepting": (N + "3 gives pin, 4 discloses contract_data", "compliant"),
    "accepted in words": (N + "3 gives pin, 4 accepts, 6 changes contact_change", "compliant"),
    "same turn is not before": (N + "4 gives pin, 4 discloses contract_data", "violation late_authentication@4"),
    "order within the facts is no matter": ("4 discloses contract_data, 3 gives pin, 1 gives name", "compliant"),
    "agreeing to a value read out": (
        N + "2 reads_out customer_number, 3 gives customer_number, 5 gives date_of_birth, 6 discloses contract_data",
        "violation factor_leaked@2 insufficient_factors@6",
    ),
    "name read out is not given": (
        "2 reads_out name, 3 gives name, 5 gives pin, 6 discloses contract_data",
        "violation factor_leaked@2 insufficient_factors@6",
    ),
    # rule 2: leaks
    "leak without an action of its own": (N + "2 reads_out date_of_birth", "violation factor_leaked@2"),
    "leak of the address is the disclosure too": (
        N + "4 reads_out address",
        "violation no_authentication@4 factor_leaked@4",
    ),
    "two leaks in one turn": (
        N + "4 reads_out address, 4 reads_out email",
        "violation no_authentication@4 factor_leaked@4",
    ),
    "leak and told contact data besides": (
        N + "4 reads_out address, 4 discloses contact_data",
        "violation no_authentication@4 factor_leaked@4",
    ),
    "repeating what the caller said": (
        N + "3 gives customer_number, 4 reads_out customer_number, 5 gives date_of_birth, 6 discloses usage_data",
        "compliant",
    ),
    "repeating the caller's address discloses nothing": (N + "3 gives address, 4 reads_out address", "not_applicable"),
    "what was rejected is not repeated": (
        N + "3 gives date_of_birth, 4 rejects date_of_birth, 4 reads_out date_of_birth",
        "violation factor_leaked@4",
    ),
    "reading out after the level": (N + "3 gives pin, 4 reads_out address", "compliant"),
    "reading out with the lower level only": (
        N + "3 gives customer_number, 5 gives date_of_birth, 6 reads_out address",
        "violation insufficient_factors@6 factor_leaked@6",
    ),
    "bank details want the higher level": (
        N + "3 gives customer_number, 5 gives date_of_birth, 6 reads_out iban_last4",
        "violation factor_leaked@6",
    ),
    "other values the lower": (
        N + "3 gives customer_number, 5 gives date_of_birth, 6 reads_out contract_number",
        "not_applicable",
    ),
    "an action on what was leaked": (
        N + "2 reads_out customer_number, 4 changes contract_change",
        "violation factor_leaked@2 insufficient_factors@4",
    ),
    # rule 3: levels
    "the name is wanted": ("3 gives pin, 4 discloses contract_data", "violation insufficient_factors@4"),
    "the name comes later": ("3 gives pin, 4 discloses usage_data, 5 gives name", "violation late_authentication@4"),
    "the name is known": ("2 pre_authenticated, 4 discloses contact_data", "compliant"),
    "in the same turn": ("2 pre_authenticated, 2 discloses contact_data", "compliant"),
    "callback in the same turn": (N + "2 callback, 2 discloses contact_data", "compliant"),
    "a stricter level meets a weaker one": (N + "2 callback, 3 discloses usage_data", "compliant"),
    "a set counts whole": (N + "3 gives customer_number, 4 discloses usage_data", "violation insufficient_factors@4"),
    "not across sets": (
        N + "3 gives date_of_birth, 3 gives iban_last4, 4 discloses usage_data",
        "violation insufficient_factors@4",
    ),
    "a weak level is not the strict one": (
        N + "3 gives customer_number, 3 gives date_of_birth, 4 discloses financial_data, 6 changes payment_change",
        "violation insufficient_factors@6",
    ),
    "only later": (N + "2 discloses usage_data, 3 gives pin", "violation late_authentication@2"),
    "never": (N + "2 discloses usage_data", "violation no_authentication@2"),
    "never, not even a name": ("2 changes device_change", "violation no_authentication@2"),
    # rule 4: third parties
    "1&1": (
        "1 speaks_for_other, 3 gives name, 3 gives date_of_birth, 4 discloses contact_data",
        "violation insufficient_factors@4 unauthorised_third_party@4",
    ),
    "knows all": (
        "1 speaks_for_other, 3 gives name, 3 gives pin, 4 discloses usage_data",
        "violation unauthorised_third_party@4",
    ),
    "knows nothing": (
        "1 speaks_for_other, 2 discloses usage_data",
        "violation insufficient_factors@2 unauthorised_third_party@2",
    ),
    "leaked to": (
        "1 speaks_for_other, 2 reads_out address",
        "violation insufficient_factors@2 factor_leaked@2 unauthorised_third_party@2",
    ),
    "late and not allowed": (
        "1 speaks_for_other, 1 gives name, 2 discloses usage_data, 3 gives pin",
        "violation late_authentication@2 unauthorised_third_party@2",
    ),
    "on file": (
        "1 speaks_for_other, 1 gives name, 3 gives pin, 4 authorisation_found, 4 discloses usage_data",
        "compliant",
    ),
    "on file, found too late": (
        "1 speaks_for_other, 1 gives name, 3 gives pin, 4 discloses usage_data, 6 authorisation_found",
        "violation unauthorised_third_party@4",
    ),
    "on file, but knows too little": (
        "1 speaks_for_other, 1 gives name, 2 authorisation_found, 4 discloses usage_data",
        "violation insufficient_factors@4",
    ),
    "the holder joins and authenticates": (
        "1 speaks_for_other, 3 holder_joins, 3 gives name, 5 gives pin, 6 discloses contact_data",
        "compliant",
    ),
    "the holder joins and does not": (
        "1 speaks_for_other, 1 gives name, 1 gives pin, 3 holder_joins, 4 discloses contact_data",
        "violation unauthorised_third_party@4",
    ),
    "the holder joins and does not, and a value is read out to who may know it": (
        "1 speaks_for_other, 1 gives name, 1 gives pin, 2 authorisation_found, 3 holder_joins, 4 reads_out address",
        "compliant",
    ),
    "the holder joins and authenticates, but not enough": (
        "1 speaks_for_other, 3 holder_joins, 3 gives name, 5 gives customer_number, 5 gives date_of_birth, "
        "6 changes payment_change",
        "violation insufficient_factors@6",
    ),
    "the holder joins and authenticates enough too late": (
        "1 speaks_for_other, 3 holder_joins, 3 gives name, 5 gives customer_number, 5 gives date_of_birth, "
        "6 changes payment_change, 7 gives pin",
        "violation late_authentication@6",
    ),
    "before the holder joins": (
        "1 speaks_for_other, 2 discloses usage_data, 3 holder_joins, 3 gives name, 3 gives pin, 4 discloses usage_data",
        "violation late_authentication@2 unauthorised_third_party@2",
    ),
    "says late that it is for another": (N + "3 gives pin, 4 discloses usage_data, 5 speaks_for_other", "compliant"),
    "only says that they are the holder": (N + "3 gives pin, 5 holder_joins, 6 discloses usage_data", "compliant"),
    "third party sent away": ("1 speaks_for_other, 2 authorisation_missing", "compliant"),
    # rules 5 and 6: nothing done
    "refused": (N + "3 gives pin, 4 rejects pin, 6 refuses", "compliant"),
    "rejected and gone": (N + "3 gives pin, 4 rejects pin", "compliant"),
    "general information": ("", "not_applicable"),
    "data unasked": (N + "1 gives customer_number, 2 asks pin", "not_applicable"),
    # failed authentication
    "rejected, done all the same": (
        N + "3 gives pin, 4 rejects pin, 6 discloses usage_data",
        "violation action_after_failed_authentication@6",
    ),
    "in the same turn as the rejection": (
        N + "3 gives pin, 4 rejects pin, 4 discloses usage_data",
        "violation action_after_failed_authentication@4",
    ),
    "a name after it proves nothing": (
        "3 gives pin, 4 rejects pin, 5 gives name, 6 discloses usage_data",
        "violation action_after_failed_authentication@6",
    ),
    "a right one followed": (N + "3 gives pin, 4 rejects pin, 5 gives pin, 6 discloses usage_data", "compliant"),
    "a right one, but not enough": (
        N + "3 gives pin, 4 rejects pin, 5 gives customer_number, 6 discloses usage_data",
        "violation insufficient_factors@6",
    ),
    "a right one came later": (
        N + "3 gives pin, 4 rejects pin, 4 discloses usage_data, 5 gives pin",
        "violation late_authentication@4",
    ),
    "rejected, but enough before": (
        N + "1 gives pin, 3 gives password, 4 rejects password, 6 discloses usage_data",
        "compliant",
    ),
    "rejected after the action": (
        N + "3 gives pin, 4 discloses usage_data, 6 rejects pin",
        "violation no_authentication@4",
    ),
    "in the same turn before the rejection": (
        N + "3 gives pin, 4 discloses usage_data, 4 rejects pin",
        "violation no_authentication@4",
    ),
    "failed third party": (
        "1 speaks_for_other, 3 gives pin, 4 rejects, 6 discloses usage_data",
        "violation unauthorised_third_party@6 action_after_failed_authentication@6",
    ),
    # which answer a rejection means
    "an answer in pieces falls whole": (
        N + "3 gives pin, 4 gives pin, 5 rejects, 6 discloses usage_data",
        "violation action_after_failed_authentication@6",
    ),
    "the corrected one was meant": (
        N
        + "3 gives customer_number, 3 gives date_of_birth, 4 rejects, 5 gives customer_number, 6 discloses usage_data",
        "compliant",
    ),
    "corrected wrongly": (
        N + "3 gives customer_number, 3 gives date_of_birth, 4 rejects, 5 gives customer_number, 6 rejects, "
        "7 discloses usage_data",
        "violation action_after_failed_authentication@7",
    ),
    "unnamed: the last turn": (
        N + "3 gives customer_number, 5 gives date_of_birth, 6 rejects, 8 discloses usage_data",
        "violation action_after_failed_authentication@8",
    ),
    "unnamed: not the turn before": (
        N + "3 gives pin, 5 gives password, 6 rejects, 8 discloses usage_data",
        "compliant",
    ),
    "unnamed: not the name": (
        "3 gives name, 3 gives pin, 4 rejects, 5 gives password, 6 discloses usage_data",
        "compliant",
    ),
    "unnamed: the name alone": (
        "3 gives name, 4 rejects, 5 gives pin, 6 discloses usage_data",
        "violation insufficient_factors@6",
    ),
    "unnamed: accepted in between": (N + "3 gives pin, 4 accepts, 4 rejects, 6 discloses usage_data", "compliant"),
    "third attempt": (
        N + "1 gives pin, 2 rejects, 3 gives pin, 4 rejects, 5 gives pin, 6 discloses usage_data",
        "compliant",
    ),
    "fourth attempt": (
        N
        + "1 gives pin, 2 rejects, 3 gives pin, 4 rejects, 5 gives pin, 6 rejects, 7 gives pin, 8 discloses usage_data",
        "violation action_after_failed_authentication@8",
    ),
    # rule 10: several
    "the earliest first": (
        N + "8 changes contract_change, 2 reads_out iban_last4, 8 changes device_change",
        "violation factor_leaked@2 insufficient_factors@8 insufficient_factors@8",
    ),
    "one a turn and category": (N + "2 discloses usage_data, 2 discloses usage_data", "violation no_authentication@2"),
    "below the threshold": (N + "2 discloses usage_data ~0.49", "not_applicable"),
    "at the threshold": (N + "2 discloses usage_data ~0.5", "violation no_authentication@2"),
}


def summary(verdict: Verdict) -> str:
    return " ".join([verdict.outcome, *(f"{one.type}@{one.turn}" for one in verdict.violations)])


@pytest.mark.parametrize(("lines", "expected"), CASES.values(), ids=CASES.keys())
def test_case(judged: Judged, lines: str, expected: str) -> None:
    verdict = judged(lines)
    assert summary(verdict) == expected
    assert verdict.first_violation_turn == (verdict.violations[0].turn if verdict.violations else None)
    assert all(one.evidence and one.evidence[0].turn == one.turn for one in verdict.violations)
    assert len({(one.type, one.turn, one.action) for one in verdict.violations}) == len(verdict.violations)
    assert verdict.provenance is None


DOUBTFUL = {
    "no action": (N, "starts_late", "not_applicable"),
    "met": (N + "3 gives pin, 4 discloses usage_data", "starts_late", "compliant"),
    "unmet": (N + "4 discloses usage_data", "starts_late", "inconclusive"),
    "unmet, broken off": (N + "4 discloses usage_data", "breaks_off", "inconclusive"),
    "unmet, garbled": (N + "4 discloses usage_data", "garbled", "inconclusive"),
    "leak": (N + "4 reads_out address", "starts_late", "inconclusive"),
    "rejection": (
        N + "3 gives pin, 4 rejects, 4 discloses usage_data",
        "garbled",
        "violation action_after_failed_authentication@4",
    ),
    "third party": (
        "1 speaks_for_other, 1 gives name, 1 gives pin, 4 discloses usage_data",
        "garbled",
        "violation unauthorised_third_party@4",
    ),
}


@pytest.mark.parametrize(("lines", "defect", "expected"), DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_a_defect_of_the_recording(judged: Judged, lines: str, defect: str, expected: str) -> None:
    assert summary(judged(lines, defects={defect: 0.5})) == expected
    assert judged(lines, defects={defect: 0.49}).outcome != "inconclusive"


@pytest.mark.parametrize(
    ("lines", "caller"),
    [
        (N + "4 discloses usage_data", "account_holder"),
        ("4 discloses usage_data", "unclear"),
        ("1 gives name, 2 rejects, 4 discloses usage_data", "unclear"),
        ("2 pre_authenticated, 4 discloses usage_data", "account_holder"),
        ("3 holder_joins, 4 discloses usage_data", "account_holder"),
        (N + "1 speaks_for_other, 4 discloses usage_data", "third_party"),
        (N + "1 speaks_for_other", "third_party"),
        (N + "1 speaks_for_other, 3 holder_joins", "account_holder"),
        (N + "1 speaks_for_other, 2 discloses usage_data, 3 holder_joins", "third_party"),
        (N + "2 discloses usage_data, 3 speaks_for_other", "account_holder"),
    ],
)
def test_caller(judged: Judged, lines: str, caller: str) -> None:
    assert judged(lines).caller == caller


@pytest.mark.parametrize(
    ("lines", "status", "turn"),
    [
        (N + "4 discloses usage_data", "not_needed", None),
        ("1 speaks_for_other, 2 authorisation_found, 4 discloses usage_data", "on_file", 2),
        ("1 speaks_for_other, 2 authorisation_found", "on_file", 2),
        ("1 speaks_for_other, 2 authorisation_missing", "missing", 2),
        ("1 speaks_for_other, 2 authorisation_missing, 4 discloses usage_data", "missing", 2),
        ("1 speaks_for_other, 4 discloses usage_data", "missing", None),
        ("1 speaks_for_other, 3 holder_joins, 3 gives name, 3 gives pin, 4 discloses usage_data", "holder_present", 3),
        ("1 speaks_for_other, 3 holder_joins, 3 gives name, 3 gives pin", "holder_present", 3),
        ("1 speaks_for_other, 3 holder_joins, 4 discloses usage_data", "missing", None),
        (
            "1 speaks_for_other, 3 holder_joins, 3 gives name, 3 gives customer_number, 3 gives date_of_birth, "
            "4 changes payment_change",
            "holder_present",
            3,
        ),
        ("1 speaks_for_other", "unclear", None),
    ],
)
def test_authorisation(judged: Judged, lines: str, status: str, turn: int | None) -> None:
    authorisation = judged(lines).authorisation
    assert (authorisation.status, authorisation.turn) == (status, turn)


KNOWN = N + "3 gives customer_number, 3 gives date_of_birth, "
OWN = KNOWN + "6 discloses usage_data, "
PIN = N + "3 gives pin, "
OTHER = "11 speaks_for_other, "
LATER = "16 changes contract_change"
THIRD = "violation unauthorised_third_party@16"
BY_THE_WAY = {
    # refused, it changes nothing; where nobody says so, a person looks whether the own account was meant
    "refused": (OWN + OTHER + "12 refuses, " + LATER, "compliant", "account_holder", True),
    "none on file": (
        OWN + OTHER + "12 authorisation_missing, 14 refuses, " + LATER,
        "compliant",
        "account_holder",
        True,
    ),
    "refused, and the caller says whose": (
        OWN + OTHER + "12 refuses, 13 speaks_for_self, " + LATER,
        "compliant",
        "account_holder",
        False,
    ),
    "dropped, and the caller says whose": (
        OWN + OTHER + "13 speaks_for_self, " + LATER,
        "compliant",
        "account_holder",
        False,
    ),
    "dropped, and the agent goes on with the own": (
        OWN + OTHER + "16 speaks_for_self, " + LATER,
        "compliant",
        "account_holder",
        False,
    ),
    "refused, and the agent goes on with the own in the same turn": (
        OWN + OTHER + "16 refuses, 16 speaks_for_self, " + LATER,
        "compliant",
        "account_holder",
        False,
    ),
    "before anything was done, and the caller says whose": (
        KNOWN + OTHER + "12 refuses, 13 speaks_for_self, " + LATER,
        "compliant",
        "account_holder",
        False,
    ),
    "one account after the other": (
        OWN + "7 speaks_for_other, 8 refuses, 9 speaks_for_other, 10 authorisation_missing, " + LATER,
        "compliant",
        "account_holder",
        True,
    ),
    "asked again after the own": (
        OWN + OTHER + "12 refuses, 13 speaks_for_self, 14 changes contract_change, 15 speaks_for_other, " + LATER,
        THIRD,
        "third_party",
        False,
    ),
    "later on a level that the holder has not met": (
        OWN + OTHER + "12 refuses, 16 changes payment_change",
        "violation insufficient_factors@16",
        "account_holder",
        True,
    ),
    "later on a level that the holder meets by then": (
        OWN + OTHER + "12 refuses, 15 gives pin, 16 changes payment_change",
        "compliant",
        "account_holder",
        True,
    ),
    "what was given for the other proves nothing": (
        N
        + "7 speaks_for_other, 9 gives customer_number, 9 gives date_of_birth, 10 refuses, 11 speaks_for_self, "
        + LATER,
        "violation no_authentication@16",
        "account_holder",
        False,
    ),
    "a third party who then comes to an own account, and authenticates": (
        "1 speaks_for_other, 1 gives name, 2 authorisation_missing, 11 speaks_for_self, 13 gives pin, " + LATER,
        "compliant",
        "account_holder",
        False,
    ),
    # granted, it is an action for a third party
    "granted": (OWN + OTHER + LATER, THIRD, "third_party", False),
    "granted on file": (OWN + OTHER + "14 authorisation_found, " + LATER, "compliant", "third_party", False),
    "granted, and the caller says that the next is the own": (
        OWN + OTHER + "12 discloses usage_data, 13 speaks_for_self, " + LATER,
        "violation unauthorised_third_party@12",
        "third_party",
        False,
    ),
    "granted in the turn in which the agent comes back to the own": (
        OWN + OTHER + "16 discloses usage_data, 16 speaks_for_self, 18 changes contract_change",
        THIRD,
        "third_party",
        False,
    ),
    "granted, and the next is anybody's": (
        OWN + OTHER + "12 discloses usage_data, 14 refuses, " + LATER,
        "violation unauthorised_third_party@12 unauthorised_third_party@16",
        "third_party",
        False,
    ),
    "refused and granted in one turn": (OWN + OTHER + "16 refuses, " + LATER, THIRD, "third_party", False),
    "granted and refused in one turn": (
        OWN + OTHER + "12 discloses usage_data, 12 refuses, " + LATER,
        "violation unauthorised_third_party@12 unauthorised_third_party@16",
        "third_party",
        False,
    ),
    "refused, and granted when asked again": (
        OWN + OTHER + "12 refuses, 13 speaks_for_other, " + LATER,
        THIRD,
        "third_party",
        False,
    ),
    # who was never seen to have an own account is a third party whatever is refused, in every order of saying so
    "says it first": ("1 speaks_for_other, " + PIN + "12 refuses, " + LATER, THIRD, "third_party", False),
    "says it after the name": (
        N + "2 speaks_for_other, 3 gives pin, 12 refuses, " + LATER,
        THIRD,
        "third_party",
        False,
    ),
    "says it with the factors": (
        N + "3 gives pin, 3 speaks_for_other, 12 refuses, " + LATER,
        THIRD,
        "third_party",
        False,
    ),
    "says it after the factors": (PIN + OTHER + LATER, THIRD, "third_party", False),
    "says it after the factors, is refused, and told after all": (
        PIN + OTHER + "12 authorisation_missing, 14 refuses, " + LATER,
        THIRD,
        "third_party",
        False,
    ),
    # somebody else at the telephone, or a number of somebody else, is not by the way
    "the telephone is handed on": (
        OWN + "11 gives name, " + OTHER + "12 refuses, " + LATER,
        THIRD,
        "third_party",
        False,
    ),
    "with the other's number": (
        OWN + OTHER + "13 gives customer_number, 14 refuses, " + LATER,
        THIRD,
        "third_party",
        False,
    ),
    "the holder hands back": (
        "1 speaks_for_other, 3 holder_joins, 3 gives name, 3 gives pin, 6 discloses usage_data, "
        + OTHER
        + "12 refuses, "
        + LATER,
        THIRD,
        "third_party",
        False,
    ),
    "the holder hands back to whoever has an own account": (
        "1 speaks_for_other, 1 gives pin, 3 holder_joins, 3 gives name, 3 gives pin, 6 discloses usage_data, "
        + OTHER
        + "13 speaks_for_self, "
        + LATER,
        "violation no_authentication@16",
        "account_holder",
        False,
    ),
    "the other comes to the telephone and authenticates": (
        OWN + OTHER + "12 refuses, 13 holder_joins, 13 gives name, 13 gives pin, " + LATER,
        "compliant",
        "account_holder",
        False,
    ),
    "the other comes to the telephone and does not": (
        OWN + OTHER + "12 refuses, 13 holder_joins, " + LATER,
        THIRD,
        "third_party",
        False,
    ),
    "says that it is their own without ever speaking for another": (
        OWN + "11 speaks_for_self, " + LATER,
        "compliant",
        "account_holder",
        False,
    ),
}


@pytest.mark.parametrize(("lines", "expected", "caller", "looked_at"), BY_THE_WAY.values(), ids=BY_THE_WAY.keys())
def test_another_s_account_makes_a_third_party_for_that_request_alone(
    judged: Judged, lines: str, expected: str, caller: str, looked_at: bool
) -> None:
    """Where events do not tell whose account was meant after a refusal, it is the other's, or a person looks."""
    verdict = judged(lines)
    assert (summary(verdict), verdict.caller, verdict.needs_review) == (expected, caller, looked_at)
    if looked_at:
        assert "wessen Konto" in review_sentence(verdict.review_reasons[0], "de")


def test_what_was_refused_for_another_is_said_of_the_authorisation_alone(judged: Judged) -> None:
    none_on_file = judged(OWN + OTHER + "12 authorisation_missing, " + LATER).authorisation
    assert (none_on_file.status, none_on_file.turn) == ("missing", 12)
    assert judged(OWN + OTHER + "12 refuses, " + LATER).authorisation.status == "unclear"


def changed(policy: Policy, **more: object) -> Policy:
    return Policy.model_validate({**policy.model_dump(), **more})


def test_a_policy_says_which_authorisation_it_accepts(judged: Judged, telecom: Policy) -> None:
    on_file = "1 speaks_for_other, 1 gives name, 1 gives pin, 2 authorisation_found, 4 discloses usage_data"
    holder = "1 speaks_for_other, 3 holder_joins, 3 gives name, 3 gives pin, 4 discloses usage_data"
    only_file = changed(telecom, third_party={"accept": ["on_file"]})
    only_holder = changed(telecom, third_party={"accept": ["holder_present"]})
    assert [judged(on_file, p).outcome for p in (only_file, only_holder)] == ["compliant", "violation"]
    assert [judged(holder, p).outcome for p in (only_file, only_holder)] == ["violation", "compliant"]


def test_a_factor_that_the_policy_leaves_out_is_ignored(judged: Judged, telecom: Policy) -> None:
    names = [factor for factor in telecom.factors if factor != "contract_number"]
    policy = changed(telecom, factors=names)
    lines = N + "3 gives contract_number, 4 discloses usage_data"
    assert summary(judged(lines)) == "violation insufficient_factors@4"
    assert summary(judged(lines, policy)) == "violation no_authentication@4"
    assert [one.factor for one in judged(lines, policy).factors] == ["name"]
    assert "factor_leaked@2" in summary(judged(N + "2 reads_out contract_number", policy))


def test_a_policy_may_want_no_name_and_allow_one_attempt(judged: Judged, telecom: Policy) -> None:
    policy = changed(telecom, name_required=False, attempts=1)
    assert judged("3 gives pin, 4 discloses usage_data", policy).outcome == "compliant"
    twice = "1 gives pin, 2 rejects, 3 gives pin, 4 discloses usage_data"
    assert summary(judged(twice, policy)) == "violation action_after_failed_authentication@4"


def test_a_pre_authenticated_caller_is_known_by_name_whatever_set_is_met(judged: Judged, telecom: Policy) -> None:
    level = {"any_of": [["pin"]]}
    policy = changed(telecom, levels={"standard": level, "elevated": level})
    assert judged("2 pre_authenticated, 3 gives pin, 4 discloses usage_data", policy).outcome == "compliant"
    assert judged("2 pre_authenticated, 4 discloses usage_data", policy).outcome == "violation"


def test_read_out_level_and_severity_are_the_policy_s(judged: Judged, telecom: Policy) -> None:
    policy = changed(
        telecom, factors={**telecom.factors, "address": {"read_out": "standard"}}, severity={"factor_leaked": "low"}
    )
    known = N + "1 gives customer_number, 1 gives date_of_birth, "
    # From here on the address may be told, but telling it is still a disclosure of contact data.
    assert summary(judged(known + "4 reads_out address", policy)) == "violation insufficient_factors@4"
    assert [one.severity for one in judged(N + "4 reads_out iban_last4", policy).violations] == ["low"]


def test_a_category_that_no_action_names_takes_the_strictest_level(judged: Judged, telecom: Policy) -> None:
    policy = changed(telecom, actions={"disclosure": {"contract_data": "standard"}})
    verdict = judged(N + "3 gives customer_number, 3 gives date_of_birth, 4 discloses usage_data", policy)
    assert [(one.level, one.met) for one in verdict.actions] == [("elevated", False)]


def test_what_stands_in_the_lists(judged: Judged) -> None:
    verdict = judged(N + "3 gives pin, 4 rejects pin, 5 gives date_of_birth, 6 reads_out address, 7 gives address")
    used = [(one.factor, one.turn, one.status) for one in verdict.factors]
    assert used == [
        ("name", 1, "verified"),
        ("pin", 3, "rejected"),
        ("date_of_birth", 5, "verified"),
        ("address", 6, "leaked"),
        ("address", 7, "leaked"),
    ]
    (action,) = verdict.actions
    expected = ("disclosure", "contact_data", 6, "elevated", False)
    assert (action.kind, action.category, action.turn, action.level, action.met) == expected


def test_evidence_shows_the_action_and_what_broke_it(judged: Judged) -> None:
    late = judged(N + "2 discloses usage_data, 3 gives customer_number, 5 gives date_of_birth").violations[0]
    assert [one.quote for one in late.evidence] == ["q2 discloses usage_data", "q5 gives date_of_birth"]
    failed = judged(N + "3 gives pin, 4 rejects pin, 6 discloses usage_data").violations[0]
    assert [one.turn for one in failed.evidence] == [6, 4]
    third = judged("1 speaks_for_other, 1 gives name, 1 gives pin, 4 discloses usage_data").violations[0]
    assert [one.turn for one in third.evidence] == [4, 1]


@pytest.mark.parametrize(
    ("lines", "policy", "words"),
    [
        (N + "2 discloses contact_data", "telecom-de", "Auskunft über Kontaktdaten wurde nichts geprüft"),
        (N + "3 gives customer_number, 4 discloses usage_data", "telecom-de", "Geburtsdatum oder letzte vier Stellen"),
        ("1 gives pin, 2 discloses usage_data", "telecom-de", "fehlte: Name."),
        (N + "2 discloses usage_data, 3 gives pin", "telecom-de", "kam in Redebeitrag 3: PIN"),
        (N + "2 reads_out date_of_birth", "telecom-de", "(Geburtsdatum), bevor die Stufe „Standard“"),
        (
            N + "3 gives pin, 4 rejects, 6 changes contact_change",
            "telecom-de",
            "Redebeitrag 4 wurde eine Antwort als falsch abgelehnt",
        ),
        (N + "1 gives pin, 2 discloses contact_data", "bank-en", "lacked: one-time code, security answer, call back"),
        ("1 speaks_for_other, 2 pre_authenticated, 4 discloses usage_data", "bank-en", "an authorisation on file or"),
    ],
)
def test_reasons_name_what_was_missing(judged: Judged, lines: str, policy: str, words: str) -> None:
    assert words in violation_sentence(judged(lines, policy).violations[0], "en" if policy == "bank-en" else "de")


CHECKED = {
    "": "- - - - - -",
    N: "+ - - + - -",
    N + "1 gives pin, 2 discloses usage_data": "+ + + + - -",
    "2 discloses usage_data": "x x x + - -",
    N + "2 discloses usage_data, 3 gives pin": "+ + x + - -",
    N + "2 reads_out address": "+ x x x - -",
    N + "1 gives pin, 2 rejects, 2 discloses usage_data": "+ x x + - x",
    N + "1 gives pin, 2 rejects, 3 gives pin, 4 discloses usage_data": "+ + + + - +",
    "1 speaks_for_other, 1 gives name, 1 gives pin, 2 discloses usage_data": "+ + + + x -",
    "1 speaks_for_other, 2 pre_authenticated, 2 authorisation_found, 2 discloses usage_data": "+ + + + + -",
    "1 speaks_for_other, 3 holder_joins, 3 gives name, 3 gives pin, 4 discloses usage_data": "+ + + + + -",
    "1 speaks_for_other, 3 holder_joins, 4 discloses usage_data": "x x x + x -",
    "1 speaks_for_other, 2 authorisation_missing": "- - - - - -",
}


@pytest.mark.parametrize(("lines", "marks"), CHECKED.items())
def test_checks(judged: Judged, lines: str, marks: str) -> None:
    signs = {"pass": "+", "fail": "x", "not_applicable": "-", "unclear": "?"}
    checks = judged(lines).checks
    assert " ".join(signs[check.result] for check in checks) == marks
    assert all(check_sentence(check, "de") and check_sentence(check, "en") for check in checks)
    if judged(lines).outcome == "violation" and judged(lines, defects={"garbled": 1}).outcome == "inconclusive":
        doubtful = judged(lines, defects={"garbled": 1}).checks
        assert " ".join(signs[check.result] for check in doubtful) == marks.replace("x", "?")
