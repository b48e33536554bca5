from tests.evals.cases import case, findings, incident_case

from ausweis.evals.comparing import compare


def test_better_worse_and_the_facts_that_differ() -> None:
    gold = findings("violation", "late_authentication@3", factors=("pin@4:verified",))
    before = [case("a", "compliant", "violation"), case("b", "violation", "violation", gold=gold)]
    after = [case("a", "compliant", "compliant"), case("b", "violation", "compliant", gold=gold)]
    found = compare([*before, case("gone", "compliant", None)], [*after, case("new", "compliant", None)])
    assert [one.id for one in found.better] == ["a"]
    assert [one.id for one in found.worse] == ["b"]
    assert found.worse[0].facts["violations"] == {
        "label": ("late_authentication@3",),
        "before": ("late_authentication@3",),
        "after": (),
    }
    assert (found.missing, found.new) == (("gone",), ("new",))


def test_mcnemar_exact() -> None:
    before = [case(str(n), "compliant", "violation") for n in range(6)]
    after = [case(str(n), "compliant", "compliant") for n in range(6)]
    # Six of six to one side: 2 * 0.5 ** 6.
    assert compare(before, after).flips[0].p == 2 * 0.5**6


def test_a_run_against_itself() -> None:
    cases = [case("a", "violation", "violation"), case("b", "compliant", "compliant", 0.1)]
    found = compare(cases, cases)
    assert [*found.better, *found.worse, *found.other] == []
    assert all(one.low == one.high == 0 for one in found.differences)


def test_a_call_whose_label_tells_of_incidents_alone_shows_these() -> None:
    sides = [incident_case("a", ["rude_agent@3"], said, "rude_agent") for said in (["rude_agent@3"], [])]
    found = compare(sides[:1], sides[1:])
    (worse,) = found.worse
    assert (worse.label, worse.before, worse.after) == ("rude_agent", "rude_agent", "no incident")
    assert worse.facts == {"incidents": {"label": ("rude_agent@3",), "before": ("rude_agent@3",), "after": ()}}
