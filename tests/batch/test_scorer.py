from concurrent.futures import wait
from typing import Any

import pytest
from tests.batch.conftest import Calls

from ausweis.batch import Scorer, scorer
from ausweis.batch.scorer import Scored, Task, local_runner
from ausweis.errors import ModelError


class Gone(Scorer):
    """Thirty calls at once, and for one of them the server is gone."""

    def __init__(self) -> None:
        self.calls_at_once = 30

    def score(self, task: Task) -> Scored:
        if task.call.id == "call-7":
            raise ModelError("the server is gone")
        return Scored(task.call.id)


def test_what_was_read_beside_a_call_that_ends_the_run_is_given(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_at_once(futures: Any, **_: Any) -> Any:
        return wait(futures)

    monkeypatch.setattr(scorer, "wait", all_at_once)
    given: list[str] = []
    with pytest.raises(ModelError, match="the server is gone"):
        given += (row.call_id for row in local_runner(Gone())(map(Task, calls(30))))
    assert len(given) == 29
