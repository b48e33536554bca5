"""A page has the sentences of its own language only, whatever language the policies have."""

import json
from collections.abc import Callable, Iterator

import pytest
from tests.languages import DAY, calls, sentences_in
from tests.pages.eval_runs import case, findings, labelled, manifest
from tests.serve.filled import fill

from ausweis.evals.folder import EvalSource
from ausweis.evals.metrics import summarise
from ausweis.pages.eval_page import eval_page
from ausweis.pages.notify import summary
from ausweis.pages.review import Review, Wanted, review_of
from ausweis.pages.review_page import review_markdown, review_page
from ausweis.store import Store
from ausweis.vocabulary import Language


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with fill(tmp_path_factory.mktemp("languages") / "calls.sqlite", list(calls())) as store:
        yield store


def _notified(review: Review) -> str:
    return json.dumps(summary(review), ensure_ascii=False)


@pytest.mark.parametrize(("language", "other"), [("de", "en"), ("en", "de")])
@pytest.mark.parametrize(("write", "least"), [(review_page, 10), (review_markdown, 10), (_notified, 0)])
def test_review(store: Store, write: Callable[[Review], str], least: int, language: Language, other: Language) -> None:
    text = write(review_of(store, Wanted(DAY, DAY, language=language)))
    assert sentences_in(text, other) == []
    assert len(sentences_in(text, language)) >= least


def test_the_page_of_an_eval_is_english() -> None:
    all_calls = list(calls())
    one = labelled("right-1")
    cases = [case(one, findings("violation"))] * 1
    told = {one.call.id: next(judged.verdict for judged in all_calls if judged.verdict.violations)}
    source = EvalSource(
        manifest=manifest(()), cases=cases, summary=summarise(cases), calls={one.call.id: one}, verdicts=told
    )
    page = eval_page(source)
    assert sentences_in(page, "de") == []
    assert sentences_in(page, "en")
