"""The policy that a call was judged by, in plain words: as it was then, marked where it concerns the call."""

import pytest

from ausweis.pages.words import Words
from ausweis.policies import explain, find_policy, shipped_policies
from ausweis.serve.rules import rules_of
from ausweis.store import CallFilter, RunRow, Store

OWN = ("examples/policies/harper-name.yaml", "examples/policies/telecom-incidents.yaml")


def run_of(store: Store, policy: str) -> RunRow:
    """A run of a policy whose file may be gone by now."""
    file, (any_run,) = find_policy(policy), store.judged_by()
    origin = any_run.model_copy(update={"policy": file.provenance})
    return store.begin(origin, policy=file.policy).run


@pytest.mark.parametrize("policy", [*shipped_policies(), *OWN])
def test_what_a_run_keeps_says_what_its_policy_says(store: Store, policy: str) -> None:
    run, told = run_of(store, policy), explain(find_policy(policy).policy, "de")
    found = rules_of(run, Words("de"))
    assert found is not None
    assert run.policy_title == find_policy(policy).policy.title
    # Without the name before, and notes to whoever writes policies after.
    assert tuple(rule.text for rule in found.rules) == told[1 : 1 + len(found.rules)]
    assert all(text.startswith(("Warnung:", "Hinweis:")) for text in told[1 + len(found.rules) :])
    assert not any(rule.concerns for rule in found.rules)


def test_of_a_policy_that_nobody_kept_nothing_is_said(store: Store) -> None:
    (run,) = store.judged_by()
    gone = run.policy.model_copy(update={"id": "gone"})
    assert rules_of(store.begin(run.model_copy(update={"policy": gone})).run, Words("en")) is None


def test_levels_and_actions_of_the_call_are_marked(store: Store) -> None:
    record = store.record(store.keys(CallFilter(outcomes=("violation",)))[0])
    found = rules_of(record.run, Words("en"), record.verdict)
    assert found is not None
    marked = [rule.text for rule in found.rules if rule.concerns]
    levels = {one.level for one in record.verdict.actions}
    assert sum(text.startswith("The level ") for text in marked) == len(levels)
    assert 0 < len(marked) < len(found.rules)
