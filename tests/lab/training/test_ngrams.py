"""What tells lines by their words is learned from all calls, and weighed by those that nothing was learned from."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from evals.lab.training.calls import FACT_TASK
from evals.lab.training.networks import CallNumbers
from evals.lab.training.ngrams import learn_ngrams
from evals.lab.training.options import Bound
from evals.lab.training.probe import Learned, LeftOut, truth_of
from tests.evals.cases import labelled

from ausweis.engines.heads import Ngrams
from ausweis.labelled import LabelledCall
from ausweis.prompts import default_library

pytestmark = pytest.mark.training

NOTHING = np.zeros((0, 0), np.float16)
BOUND = Bound(default_library().get("transcript"), "1" * 64, (1,), "learned from a.jsonl")
LABELS = ("asks pin", "changes", "changes contact", "changes contract", "for another")
PLACES = ("im Portal", "im System", "gerade", "schon", "gleich", "hier")


def calls(count: int, first: int = 0, writing_pass: str | None = None) -> list[LabelledCall]:
    """Calls by four authors; in every second one the agent changes the phone number, and says so."""
    return [
        labelled(
            str(number),
            "A: Ihre PIN bitte? << asks pin",
            "C: Eins zwei.",
            f"A: Die Nummer ist {PLACES[number % 6]} geändert. << changes contact_change"
            if number % 2
            else f"A: Das sehe ich {PLACES[number % 6]} nicht.",
            writing_pass=writing_pass or str(number // 2 % 4),
        )
        for number in range(first, first + count)
    ]


def told(given: Sequence[LabelledCall]) -> LeftOut:
    """A probe that knows nothing of them: each label is as unlikely."""
    lines = [FACT_TASK.lines(call) for call in given]
    truths = [truth_of(call, LABELS, FACT_TASK) for call in lines]
    numbers = [CallNumbers(NOTHING, np.zeros(0, np.int32), NOTHING, *truth) for truth in truths]
    learned = Learned({}, LABELS, [call.chunks for call in lines], numbers, [call.group for call in lines])
    scores = [np.full((len(call.chunks), len(LABELS)), -1.0, np.float32) for call in lines]
    return LeftOut(learned, scores, scores, ())


def learned_from(given: Sequence[LabelledCall], others: Sequence[LabelledCall] = ()) -> Ngrams:
    learned = learn_ngrams(told(given), [FACT_TASK.lines(call) for call in others], BOUND, FACT_TASK)
    assert learned is not None
    return learned.ngrams


def test_words_of_a_label_are_learned_where_the_task_wants_them() -> None:
    ngrams = learned_from(calls(40))
    # Nobody speaks for another here, and of what is asked the probe knows more.
    assert ngrams.labels == ("changes", "changes contact")
    assert (ngrams.template, ngrams.model_sha256) == ("transcript@1", "1" * 64)
    assert "learned from a.jsonl" in ngrams.notes
    said, other = (
        ngrams.weighed(text, {"changes": 0.3, "asks pin": 0.3})
        for text in ("Die Nummer ist morgen geändert.", "Das sehe ich morgen nicht.")
    )
    assert said["changes"] > 0.5 > 0.1 > other["changes"]
    assert said["asks pin"] == other["asks pin"] == 0.3


def test_calls_that_the_probe_knew_teach_words_too() -> None:
    other = [
        labelled(f"o{number}", "A: Adresse neu hinterlegt. << changes contact_change", writing_pass="o")
        for number in range(12)
    ]
    text = "Adresse neu hinterlegt."
    before, after = (learned_from(calls(40), more).scores(text)[0] for more in ((), other))
    assert after > before + 1


def test_calls_of_one_pass_are_left_out_by_themselves() -> None:
    ngrams = learned_from(calls(40, writing_pass="one"), calls(10, first=40, writing_pass="two"))
    assert ngrams.scores("Die Nummer ist gerade geändert.")[0] > 0


def test_too_few_lines_teach_nothing() -> None:
    assert learn_ngrams(told(calls(12)), [], BOUND, FACT_TASK) is None


def test_labels_of_one_pass_alone_leave_the_probe_at_its_word() -> None:
    """Where it is left out, the others cannot tell how much words count."""
    given = [*calls(40, writing_pass="one"), *calls(40, first=40, writing_pass="two")]
    clean = [call for call in given if is_of("one", call) or int(call.call.id) % 2 == 0]
    learned = learn_ngrams(told(clean), [], BOUND, FACT_TASK)
    assert learned is not None
    column = LABELS.index("changes")
    odds = [scores[2, column] for scores, call in zip(learned.told.scores, clean, strict=True) if is_of("one", call)]
    assert odds == [-1.0] * 40


def is_of(writing_pass: str, call: LabelledCall) -> bool:
    return call.gold.writing_pass == writing_pass


def test_with_a_bar_as_many_lines_are_told_as_there_are() -> None:
    given = calls(60)
    learned = learn_ngrams(told(given), [], BOUND, replace(FACT_TASK, bar=0.4))
    assert learned is not None
    lines = [turn.text for call in given for turn in call.call.turns if turn.speaker == "agent"]
    # As a probe of which nothing is known says of each line in `told`.
    answers = [learned.ngrams.weighed(line, {"changes": 0.2689})["changes"] for line in lines]
    assert sum(answer >= 0.4 for answer in answers) == 30


def test_what_is_told_of_left_out_calls_is_told_with_their_words() -> None:
    given = calls(40)
    learned = learn_ngrams(told(given), [], BOUND, FACT_TASK)
    assert learned is not None
    column = LABELS.index("changes")
    answers = np.array([answer[2, column] for answer in learned.told.answers])
    changed = np.arange(40) % 2 > 0
    assert answers[changed].min() > 0.5 > answers[~changed].max()
    # Labels that words are not weighed for stay as the probe told them.
    assert all((answer[:, 0] == -1.0).all() for answer in learned.told.answers)


def test_a_label_that_only_known_calls_have_teaches_nothing_by_itself() -> None:
    known = [
        labelled(f"o{number}", "A: Der Vertrag ist verlängert. << changes contract_change", writing_pass="o")
        for number in range(12)
    ]
    few = told(calls(12))
    others = [FACT_TASK.lines(call) for call in known]
    assert (
        learn_ngrams(few, others, BOUND, replace(FACT_TASK, pool=lambda label: "all" if "contract" in label else None))
        is None
    )
