"""Each reader reads one language: no page shows a sentence of the other, whatever the language of policy and call."""

import re
from collections.abc import Iterator

import pytest
from tests.german import english_in, ids_in, own_words_of
from tests.languages import DAY, calls
from tests.serve.filled import fill
from tests.serve.serving import visitor

from ausweis.judging.sentences import SENTENCES
from ausweis.pages.review import Wanted, review_of
from ausweis.pages.review_page import review_markdown, review_page
from ausweis.pages.words import table
from ausweis.store import CallFilter, Store
from ausweis.vocabulary import Language

OTHER: dict[Language, Language] = {"de": "en", "en": "de"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with fill(tmp_path_factory.mktemp("languages") / "s.sqlite", list(calls())) as filled:
        yield filled


def phrases(language: Language) -> set[str]:
    """What stands in the sentences of a language between their values, from three words on."""
    texts = [*SENTENCES[language].values(), *table(language, "texts").values()]
    parts = {part.strip() for text in texts for part in re.split(r"{[^}]*}", text)}
    return {part for part in parts if part.count(" ") > 1}


def pages(store: Store, language: Language) -> Iterator[tuple[str, str]]:
    review = review_of(store, Wanted(DAY, DAY, language=language, serve="http://127.0.0.1:8321"))
    yield "review", review_page(review)
    yield "markdown", review_markdown(review)
    anna = visitor(store)
    anna.http.get(f"/language?to={language}")
    keys = store.keys(CallFilter(to_review=True))
    calls = (f"/calls/{key}{part}" for key in keys for part in ("", "/sheet"))
    addresses = ("/", "/settings", "/figures", *calls)
    yield from ((address, anna.page(address)) for address in addresses)


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_page_shows_a_sentence_of_the_other_language(store: Store, language: Language) -> None:
    own, foreign = phrases(language), phrases(OTHER[language]) - phrases(language)
    assert min(len(own), len(foreign)) > 100
    for name, page in pages(store, language):
        assert {phrase for phrase in foreign if phrase in page} == set(), name
        assert any(phrase in page for phrase in own), name


def german_pages(store: Store) -> Iterator[tuple[str, str]]:
    """Every kind of page, those of refusals too."""
    yield from pages(store, "de")
    anna = visitor(store)
    anna.http.headers["Accept-Language"] = "de"
    key = store.keys(CallFilter(outcomes=("violation",)))[0]
    verdict = str(store.record(key).verdict_key)
    store.raise_objection(key, side="Team Nord", reason="So war es nicht.", by="Anna")
    store.draw_sample(DAY, DAY, 2)
    (objection,) = store.objections()
    drawn = store.keys(CallFilter(sampled=True), order="chance")
    for address in (
        *("/?show=all", "/?show=second", "/?show=settle", "/?show=decided", "/?q=zzz", "/settings?new=1"),
        *("/calls/999", "/nothing", f"/objections/{objection.key}", f"/calls/{key}/objection"),
        *(f"/calls/{key}/sheet", *(f"/calls/{one}?show=sample" for one in drawn)),
        *("/figures?what=incidents", "/figures?what=cancel_threat"),
    ):
        yield address, anna.http.get(address).text
    for name in ("Ben", "Mia"):
        store.invite(name, by="Anna")
    two = {"reviewer-1": "Ben", "reviewer-2": "Mia"}
    _, session = anna.send("/calibrations", name="März", n="0", of="all", **two)
    yield "calibration", anna.page(session)
    yield "no name", anna.send("/calibrations", name="", n="0", of="all", **two)[1]
    yield "too few", anna.send("/calibrations", name="März", n="0", of="all")[1]
    yield "no call", anna.send("/settings/delete", call="x", again="x")[1]
    yield "not alike", anna.send("/settings/delete", call="x", again="y")[1]
    yield "no reviewer", anna.send("/team/invite", name="", role="lead")[1]
    yield "reviewer", anna.send("/team/invite", name="Petra", role="reviewer")[1]
    yield "too short", anna.send("/search", q="ab")[1]
    yield "no objection", anna.send(f"/calls/{key}/objection", side="", reason="", deadline="")[1]
    yield "no ruling", anna.send(f"/objections/{objection.key}", note="")[1]
    address = f"/calls/{key}/decisions"
    for name, fields in (
        ("nothing", {}),
        ("overrule", {"choice": "overrule"}),
        ("no turn", {"choice": "overrule", "outcome": "violation"}),
        ("no number", {"choice": "overrule", "outcome": "violation", "late_authentication": "drei"}),
        ("beyond", {"choice": "overrule", "outcome": "violation", "late_authentication": "99"}),
        ("note", {"choice": "confirm", "note": "x" * 2001}),
        ("changed", {"choice": "confirm", "says": "else"}),
    ):
        status, text = anna.send(address, **{"verdict_key": verdict, **fields})
        assert status == 409, name
        yield name, text
    yield "sample", anna.send("/sample", first="", last="", n="0")[1]
    yield "foreign form", anna.http.post(address, data={"csrf": "x"}).text
    yield "no such way", anna.http.get(address).text
    yield "foreign name", anna.http.get("/", headers={"Host": "evil.example"}).text
    yield "too large", anna.http.post(address, content=b"x" * (1 << 21)).text
    anna.send(address, verdict_key=verdict, choice="confirm")
    yield "decided", anna.page(f"/calls/{key}")
    anna.http.cookies.clear()
    yield "sign-in", anna.http.get("/signin").text


def test_no_english_word_and_no_id_stands_on_a_german_page(store: Store) -> None:
    names = set()
    for name, page in german_pages(store):
        text = own_words_of(page) if page.lstrip().startswith("<") else page
        assert 'lang="en"' in page or 'lang="de"' in page or name == "markdown", name
        for row in store.calls():
            text = text.replace(row.call_id, "")
        found = english_in(re.sub(r"`.*?`|<code>.*?</code>|^>.*$", "", text, flags=re.MULTILINE))
        assert (name, found, ids_in(text)) == (name, set(), set())
        names.add(name)
    assert len(names) > 20


def test_english_words_are_found_where_they_stand() -> None:
    text = own_words_of('<p>confidence <b>0,48</b></p><p aria-label="Next call">Stufe elevated</p><bdi>the queue</bdi>')
    assert english_in(text) == {"confidence", "call", "elevated", "next"}
    assert ids_in("insufficient_factors, zu wenige Merkmale") == {"insufficient_factors"}
