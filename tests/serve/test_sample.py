import re

import pytest
from tests.serve.serving import visitor

from ausweis.store import CallFilter, Store

DAYS = {"first": "2026-02-01", "last": "2026-03-02"}


def test_drawn_calls_are_those_without_a_flag(store: Store) -> None:
    anna = visitor(store)
    assert anna.send("/sample", n="5", **DAYS) == (303, "/sample?new=5")
    drawn = store.calls(CallFilter(sampled=True))
    assert len(drawn) == 5
    assert not any(row.to_review for row in drawn)
    page = anna.page("/sample?new=5")
    assert "5 calls drawn." in page
    assert "Open: 5 of 5 drawn calls" in page
    assert all(f'href="/calls/{row.key}?show=sample"' in page for row in drawn)
    assert store.chain(limit=1)[0].who == "Anna"


def test_the_sample_is_not_listed_by_risk(store: Store) -> None:
    anna = visitor(store)
    anna.send("/sample", n="12", **DAYS)
    wanted = [str(key) for key in store.keys(CallFilter(sampled=True), order="chance")]
    for address in ("/sample", "/?show=sample"):
        page = anna.page(address)
        assert re.findall(r'href="/calls/(\d+)\?show=sample"', page) == wanted
    assert '<option value="">By chance</option>' in page
    assert wanted != [str(key) for key in store.keys(CallFilter(sampled=True))]


def test_deciding_walks_through_the_sample(store: Store) -> None:
    anna = visitor(store)
    anna.send("/sample", n="3", **DAYS)
    keys = store.keys(CallFilter(sampled=True), order="chance")
    for key, after in zip(keys, [*keys[1:], None], strict=True):
        verdict = str(store.record(key).verdict_key)
        _, where = anna.send(f"/calls/{key}/decisions?show=sample", choice="confirm", verdict_key=verdict)
        assert where.startswith(f"/calls/{after}?show=sample" if after else "/?show=sample")
    assert "Open: 0 of 3 drawn calls" in anna.page("/sample")


@pytest.mark.parametrize(
    "fields",
    [{"n": "0"}, {"n": "1001"}, {"n": "x"}, {"n": ""}, {"first": "x"}, {"last": ""}, {"first": "2026-03-03"}],
)
def test_wrong_days_or_numbers_draw_nothing(store: Store, fields: dict[str, str]) -> None:
    status, page = visitor(store).send("/sample", **({"n": "5"} | DAYS | fields))
    assert status == 409
    assert "Please check days and number" in page
    assert store.count(CallFilter(sampled=True)) == 0


def test_drawing_needs_the_mark(store: Store) -> None:
    assert visitor(store).http.post("/sample", data={"n": "5", **DAYS}).status_code == 403
    assert store.count(CallFilter(sampled=True)) == 0
