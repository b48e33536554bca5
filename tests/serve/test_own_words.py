"""The rule: what a policy names itself is shown by its name, on the desk and in each form of the daily review."""

import re
from collections.abc import Iterator

import pytest
from tests.judging.own_policies import MARINA, marina, read_by
from tests.serve.filled import LAST_DAY, call_of, fill, judged
from tests.serve.serving import visitor

from ausweis.facts import Event, Facts
from ausweis.pages.review import Review, Wanted, review_of
from ausweis.pages.review_page import review_markdown, review_page
from ausweis.store import CallFilter, Store

TEXTS = ["Ihr Liegeplatz?", "B 17, Wendt.", "Da liegt die Möwe. Ihr Hafenwort ist Kaugummi.", "Ja.", "Ist gesperrt."]
NAMED = {
    "de": "Vor der Handlung „Stegzugang“ war zu wenig geprüft; für die Stufe „erhöht“ fehlte: harbour word.",
    "en": "Too little was verified before the action “Stegzugang”; the level “elevated” lacked: harbour word.",
}


def event(kind: str, turn: int, subject: str, probability: float = 1.0) -> Event:
    about = {"kind": kind, "turn": turn, "subject": subject, "quote": TEXTS[turn - 1], "probability": probability}
    return Event.model_validate(about)


EVENTS = (
    event("asks", 1, "berth_number"),
    event("gives", 2, "berth_number"),
    event("gives", 2, "name"),
    event("discloses", 3, "berth_data", 0.3),
    event("reads_out", 3, "harbour_word"),
    event("changes", 5, "key_change"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("own")
    (folder / "marina.yaml").write_text(MARINA, encoding="utf-8")
    facts = Facts(call_id="own", turns=5, events=EVENTS)
    read = judged(call_of("own", TEXTS), read_by(facts, marina()), str(folder / "marina.yaml"))
    unread = judged(
        call_of("unread", TEXTS), facts.model_copy(update={"call_id": "unread"}), str(folder / "marina.yaml")
    )
    with fill(folder / "s.sqlite", [read, unread]) as filled:
        yield filled


def page_of(store: Store, call_id: str, language: str = "de") -> str:
    anna = visitor(store)
    anna.http.get(f"/language?to={language}")
    return re.sub(r"\s+", " ", anna.page(f"/calls/{store.find(call_id)}"))


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_desk_names_them(store: Store, language: str) -> None:
    page = page_of(store, "own", language)
    assert NAMED[language] in page
    advice = {"de": "Vor der Handlung „Stegzugang“ weiterfragen", "en": "Go on asking before the action “Stegzugang”"}
    assert advice[language] in page
    assert "<b>Liegeplatznummer</b>" in page
    assert re.search(r'class="chip action unmet">\s*Stegzugang', page)
    assert re.search(r'class="chip event[^>]*>[^<]* Liegeplatznummer', page)
    assert "berth_number" not in page
    assert "berth number" not in page


def test_their_values_are_masked(store: Store) -> None:
    page = page_of(store, "own")
    assert "Kaugummi" not in page
    assert "B 17" not in page
    assert "‹Kennwort›" in page


def test_the_desk_says_what_was_not_looked_for(store: Store) -> None:
    assert "nicht gesucht: Liegeplatznummer, harbour word, Auskunft zum Platz und Stegzugang" in page_of(
        store, "unread"
    )


@pytest.fixture
def review(store: Store) -> Review:
    return review_of(store, Wanted(LAST_DAY, LAST_DAY, language="de"))


def test_page_markdown_and_table_of_the_day_name_them(review: Review) -> None:
    for told in (review_page(review), review_markdown(review)):
        assert "Stegzugang" in told
        assert "Liegeplatznummer, harbour word" in told
        assert "key_change" not in told
        assert "Kaugummi" not in told


def test_the_store_finds_and_deletes_such_calls(store: Store) -> None:
    assert {row.call_id for row in store.calls(CallFilter(violations=("factor_leaked",)))} == {"own"}
    assert {row.call_id for row in store.calls(CallFilter(to_review=True))} == {"own", "unread"}
    assert store.record(store.find("own") or 0).verdict.own_words == marina().own_words
