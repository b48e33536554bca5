"""Each reader reads one language: no page shows a sentence of the other, whatever the language of policy and call."""

import re
from collections.abc import Iterator

import pytest
from tests.languages import DAY, calls
from tests.serve.filled import fill
from tests.serve.serving import visitor

from ausweis.judging.sentences import SENTENCES
from ausweis.reports.review_markdown import review_markdown
from ausweis.reports.review_page import review_page
from ausweis.reports.review_source import Wanted, review_of
from ausweis.store import CallFilter, Store
from ausweis.views.words import table
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
    addresses = ("/", "/sample", "/figures", *(f"/calls/{key}" for key in store.keys(CallFilter(to_review=True))))
    yield from ((address, anna.page(address)) for address in addresses)


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_page_shows_a_sentence_of_the_other_language(store: Store, language: Language) -> None:
    own, foreign = phrases(language), phrases(OTHER[language]) - phrases(language)
    assert min(len(own), len(foreign)) > 100
    for name, page in pages(store, language):
        assert {phrase for phrase in foreign if phrase in page} == set(), name
        assert any(phrase in page for phrase in own), name
