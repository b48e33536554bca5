"""A policy with words of its own, for tests of all that knows them."""

from typing import Any

from ausweis.facts import Facts
from ausweis.policies import Policy

MARINA = """\
id: hafenlicht-de
version: "1"
title: Hafenlicht Marina
language: de
factors:
  name: {}
  date_of_birth: {}
  berth_number:
    name: Liegeplatznummer
    description: Die Nummer des Liegeplatzes, ein Buchstabe für den Steg und zwei Ziffern.
    strength: weak
    looks_like: letters
    hot_words: [Liegeplatz]
  harbour_word:
    description: Ein Wort, das bei der Anmeldung vereinbart wurde.
    strength: strong
    looks_like: words
levels:
  standard: {any_of: [[harbour_word], [berth_number, date_of_birth]]}
  elevated: {any_of: [[harbour_word]]}
actions:
  disclosure:
    financial_data: standard
    berth_data: {level: standard, description: Der Agent sagt welches Boot wo liegt., name: Auskunft zum Platz}
  change:
    key_change: {level: elevated, description: Der Agent sperrt einen Schlüssel zum Steg., name: Stegzugang}
expected_violations: 0.5
"""


def marina(**more: Any) -> Policy:
    """The policy, with other keys put in the place of its own."""
    from ausweis.user_yaml import load

    return Policy.model_validate({**load(MARINA).data, **more})


def read_by(facts: Facts, policy: Policy) -> Facts:
    """The facts as a reader gives them who looked for the own words of the policy."""
    return facts.model_copy(update={"asked_words": policy.own_words})
