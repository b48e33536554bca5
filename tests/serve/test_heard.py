"""Calls that are heard without their verdict."""

import re
from datetime import date
from pathlib import Path

import pytest
from tests.serve.filled import call_of, fill, judged
from tests.serve.serving import Visitor, visitor
from tests.serve.test_call_page import checked

from ausweis.facts import Facts
from ausweis.store import CallFilter, Store, blind_statement

FIRST, LAST = date(2026, 2, 1), date(2026, 3, 2)
LATE = {"missing-1": "late_authentication@2", "missing-2": "late_authentication@4"}
VERDICT = r'class="(badge|outcome|finding|moment|checks|factors|chips|review)|class="ticks|<mark|data-marked|data-first'
"""What only a verdict has."""


@pytest.fixture
def drawn(store: Store) -> list[int]:
    store.draw_sample(FIRST, LAST, 3, seed=1)
    return store.keys(CallFilter(unheard_by=("Anna",)), order="chance")


def hear(anna: Visitor, key: int, **fields: str) -> tuple[int, str]:
    return anna.decide(key, "?show=sample", **{"blind": "1", **fields})


def as_verdict(store: Store, key: int) -> dict[str, str]:
    """The fields of who says what the verdict says."""
    verdict = store.record(key).verdict
    found = [(one.type, one.turn) for one in verdict.violations] + [(one.id, one.turn) for one in verdict.incidents]
    return {f"missing-{number}": f"{name}@{turn}" for number, (name, turn) in enumerate(found, 1)}


@pytest.mark.parametrize("address", ["/calls/{}?show=sample", "/calls/{}?show=all", "/calls/{}"])
def test_nothing_of_the_verdict_is_shown_before_it_is_decided(store: Store, drawn: list[int], address: str) -> None:
    record = store.record(drawn[0])
    page = visitor(store).page(address.format(drawn[0]))
    assert 'name="blind"' in page
    assert not re.search(VERDICT, page)
    assert not re.search(r'name="(finding|reason)-', page)
    assert "Risk" not in page
    assert "Confidence" not in page
    assert not checked(page)
    assert all(f'id="t{number}"' in page for number in range(1, record.row.turns + 1))


def test_no_list_tells_what_a_hidden_verdict_says(store: Store, drawn: list[int]) -> None:
    anna = visitor(store)
    outcome = store.record(drawn[0]).row.outcome
    for query in (
        "?show=all",
        f"?show=all&outcome={outcome}",
        "?show=all&order=risk",
        "?show=all&q=a",
        "?show=decided",
    ):
        page = anna.page(f"/{query}")
        listed = {int(key) for key in re.findall(r'href="/calls/(\d+)', page)}
        assert not listed & set(drawn), query
    page = anna.page("/?show=all&outcome=violation")
    assert '<a href="/?show=sample">sample: 3 left</a>' in page
    for address in ("/?show=sample", "/?show=sample&outcome=violation", "/?show=sample&order=risk"):
        page = anna.page(address)
        rows = page[page.index("data-rows") :]
        assert [int(key) for key in re.findall(r'href="/calls/(\d+)\?', rows)] == drawn
        assert rows.count("Not heard yet") == 3
        assert set(re.findall(r'class="(badge[^"]*)"', rows)) == {"badges", "badge plain"}
        assert "%" not in rows


def test_what_was_heard_stands_beside_the_verdict(store: Store, drawn: list[int]) -> None:
    anna, key = visitor(store), drawn[0]
    assert hear(anna, key, note="PIN zu spät", **LATE) == (303, f"/calls/{key}?show=sample")
    decision = store.record(key).decisions[0]
    assert (decision.choice, decision.blind, decision.note) == ("overrule", True, "PIN zu spät")
    page = anna.page(f"/calls/{key}?show=sample")
    assert "You and the program do not say the same" in page
    assert "turns 2, 4" in page
    assert page.count('class="differs"') == 2
    assert f'<a class="button" href="/calls/{drawn[1]}?show=sample">' in page
    # She changes her mind: a second decision, and the first stays the blind one.
    assert checked(page) == {"missing-1": "late_authentication@2", "missing-2": "late_authentication@4"}
    assert anna.decide(key, "?show=sample")[0] == 303
    record = store.record(key)
    assert [(one.choice, one.blind) for one in record.decisions] == [("overrule", True), ("confirm", False)]
    assert record.row.state == "confirmed"
    said = blind_statement(record, "Anna")
    assert said is not None
    assert said.outcome == "violation"
    assert store.field_recall().missed_in_sample == 1


def test_the_same_is_said_so(store: Store, drawn: list[int]) -> None:
    anna, key = visitor(store), drawn[0]
    hear(anna, key, **as_verdict(store, key))
    assert store.record(key).decisions[0].choice == "confirm"
    assert "You and the program say the same" in anna.page(f"/calls/{key}")
    assert 'name="blind"' in visitor(store, "Ben").page(f"/calls/{key}")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"choice": ""}, "is missing"),
        ({"verdict_key": "x"}, "is missing"),
        ({"add-kind": "late_authentication"}, "its turn"),
        ({"missing-1": "late_authentication@9999"}, "in a turn that does not exist"),
        ({"note": "x" * 2001}, "too long"),
    ],
)
def test_what_cannot_be_kept_is_given_back_and_tells_nothing(
    store: Store, drawn: list[int], fields: dict[str, str], problem: str
) -> None:
    status, page = hear(visitor(store), drawn[0], **fields)
    assert status == 409
    assert problem in page
    assert 'name="blind"' in page
    assert not re.search(VERDICT, page)
    assert fields.get("note", "") in page
    assert store.record(drawn[0]).decisions == ()


def test_not_sure_and_an_old_page_without_the_time(store: Store, drawn: list[int]) -> None:
    anna = visitor(store)
    for opened in ("", "x", "9" * 30, "1"):
        hear(anna, drawn[0], choice="not_sure", opened=opened)
    assert [(one.choice, one.hasty) for one in store.record(drawn[0]).decisions] == [("not_sure", None)] * 4
    assert "Not sure" in anna.page(f"/calls/{drawn[0]}")


def test_nine_presses_prove_nothing_unseen(store: Store, drawn: list[int]) -> None:
    anna = visitor(store)
    for key in drawn:
        opened = re.search(r'name="opened" value="(\d+)"', anna.page(f"/calls/{key}"))
        assert opened is not None
        hear(anna, key, opened=opened[1], **as_verdict(store, key))
    page = anna.page("/figures")
    assert "before the verdict was shown: 3 of 3." in page
    assert "hear or read them: 3 of 3" in page


def test_decisions_with_the_verdict_in_view_are_told_apart(store: Store, drawn: list[int]) -> None:
    for key in drawn:
        store.decide(key, reviewer="Ben", choice="confirm", verdict_key=store.record(key).verdict_key)
    anna = visitor(store)
    page = anna.page("/figures")
    assert "before the verdict was shown: 0 of 3." in page
    assert "Open: 3 of 3" in anna.page("/settings")
    assert "Open: 0 of 3" in visitor(store, "Ben").page("/settings")


def test_only_incidents_that_were_looked_for_are_asked_about(tmp_path: Path) -> None:
    texts = ["Guten Tag.", "Ich hätte gern die Öffnungszeiten.", "Neun bis fünf."]
    calls = [call_of(name, texts) for name in ("asked", "unasked")]
    facts = [
        Facts(call_id=call.id, turns=3, looked_for=asked)
        for call, asked in zip(calls, [("rude_agent",), ()], strict=True)
    ]
    with fill(tmp_path / "s.sqlite", list(map(judged, calls, facts))) as store:
        store.draw_sample(LAST, LAST, 2)
        anna = visitor(store)
        asked, unasked = (store.find(name) or 0 for name in ("asked", "unasked"))
        page = anna.page(f"/calls/{asked}")
        assert '<option value="rude_agent"' in page
        assert '<option value="cancel_threat"' not in page
        assert "rude_agent" not in anna.page(f"/calls/{unasked}")
        hear(anna, asked, **{"missing-1": "rude_agent@3", "missing-2": "cancel_threat@2"})
        hear(anna, unasked, **{"missing-1": "rude_agent@3"})
        assert [store.record(key).decisions[0].incidents for key in (asked, unasked)] == [(("rude_agent", 3),), None]
