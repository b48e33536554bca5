"""The desk has the sentences of the reader's language only, whatever language the policies have."""

from collections.abc import Iterator

import pytest
from tests.languages import calls, sentences_in
from tests.serve.filled import fill
from tests.serve.serving import visitor

from ausweis.store import CallFilter, Store
from ausweis.vocabulary import Language


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with fill(tmp_path_factory.mktemp("languages") / "calls.sqlite", list(calls())) as store:
        yield store


@pytest.mark.parametrize(("language", "other"), [("de", "en"), ("en", "de")])
def test_calls(store: Store, language: Language, other: Language) -> None:
    reader = visitor(store)
    reader.http.headers["Accept-Language"] = language
    text = "".join(reader.page(f"/calls/{key}") for key in store.keys(CallFilter()))
    assert sentences_in(text, other) == []
    assert len(sentences_in(text, language)) >= 10
