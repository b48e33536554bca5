"""The rule: who has done all is told so, and where to go on; who finds nothing is told that."""

from datetime import date

import pytest
from tests.serve.filled import LAST_DAY
from tests.serve.serving import Visitor, desk_of, visitor

from ausweis.store import CallFilter, Store


def test_who_has_decided_all_is_told_what_was_done_and_where_to_go_on(store: Store) -> None:
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    keys = store.keys(CallFilter(to_review=True, states=("open",)))
    for place, key in enumerate(keys):
        choice = "not_sure" if place == 0 else "confirm"
        verdict = str(store.record(key).verdict_key)
        who = ben if place == 1 else anna
        _, onward = who.send(f"/calls/{key}/decisions", choice=choice, verdict_key=verdict)
    page = anna.page(onward)
    assert "All reviewed." in page
    assert f"Decided today: {len(keys)}, {len(keys) - 1} of them by you." in page
    assert '<a href="/?show=settle">To settle (1)</a>' in page
    assert "Second opinion (1)" not in page
    assert '<a href="/?show=second">Second opinion (1)</a>' in ben.page("/")
    assert "All reviewed." in anna.http.get("/", headers={"HX-Request": "true"}).text


def test_no_sample_is_called_decided_before_one_was_drawn(store: Store) -> None:
    anna = visitor(store)

    def told() -> str:
        return anna.http.get("/?show=sample", headers={"Accept-Language": "de"}).text

    assert "Bisher ist keine Stichprobe gezogen." in told()
    assert "Die Stichprobe ist entschieden." not in told()
    first, last = store.days() or (date.min, date.max)
    (key,) = store.draw_sample(first, last, 1, seed=1)
    assert f"/calls/{key}?" in told()
    anna.send(
        f"/calls/{key}/heard", outcome=store.record(key).row.outcome, verdict_key=str(store.record(key).verdict_key)
    )
    assert "Die Stichprobe ist entschieden." in told()


@pytest.mark.parametrize("show", ["todo", "second", "settle", "sample", "decided", "all"])
@pytest.mark.parametrize(
    "asked",
    ["q=xyzzy", "q=ab", "found=gone", "period=yesterday", "first=2030-01-01", "queue=Nowhere", "outcome=inconclusive"],
)
def test_all_done_is_said_of_the_whole_queue_alone(store: Store, show: str, asked: str) -> None:
    page = visitor(store).page(f"/?show={show}&{asked}")
    for done in (
        "All reviewed.",
        "No call waits",
        "nothing to settle",
        "sample is decided",
        "No sample has been drawn",
    ):
        assert done not in page


@pytest.mark.parametrize(
    ("asked", "language", "said"),
    [
        ("period=yesterday", "de", "Von gestern sind keine Anrufe da. Lief der Import?"),
        ("period=yesterday", "en", "There are no calls of yesterday. Did the import run?"),
        ("period=today&outcome=violation", "de", "Von heute sind keine Anrufe da. Lief der Import?"),
        ("first=2030-01-01", "en", "There are no calls of these days. Did the import run?"),
        ("first=2030-01-01&q=xyzzy", "en", "There are no calls of these days. Did the import run?"),
    ],
)
@pytest.mark.parametrize("show", ["todo", "decided", "all", "sample"])
def test_days_without_calls_say_so(store: Store, show: str, asked: str, language: str, said: str) -> None:
    page = visitor(store).http.get(f"/?show={show}&{asked}", headers={"Accept-Language": language}).text
    assert said in page


def test_nothing_found_is_not_a_day_without_calls(store: Store) -> None:
    anna = visitor(store)
    for query in ("?q=xyzzy", "?show=decided", f"?first={LAST_DAY}&show=decided"):
        page = anna.page(f"/{query}")
        assert "No calls fit." in page
        assert "import" not in page
