"""What verdicts come from is one record."""

from datetime import UTC, datetime

import pytest
from tests.store.runs import ENGINE, PROMPTS

from ausweis.provenance import ModelProvenance, PolicyProvenance, PromptProvenance, RunProvenance, now
from ausweis.store.writing import system_of

POLICY = PolicyProvenance(id="telecom-de", version="1", sha256="c" * 64)
ORIGIN = RunProvenance(ausweis="1", strategy="turnwise", policy=POLICY, prompts=PROMPTS, model=ENGINE)


def test_a_verdict_tells_the_model_without_its_context() -> None:
    told = ORIGIN.of_verdict("d" * 64, seconds=1.23456, tokens=7).model_dump(mode="json")
    assert told["model"] == {"id": "tiny", "sha256": "b" * 64, "engine": "fake", "parameters": {}}
    assert (told["seconds"], told["tokens"], told["policy"]) == (1.235, 7, POLICY.model_dump())


def test_the_parts_of_a_run_are_shown_in_words() -> None:
    parts = ORIGIN.parts()
    assert parts["model"] == f"tiny ({'b' * 12})"
    assert parts["prompts"] == f"agent-turn@1 ({'a' * 12})"
    assert parts["policy"] == f"telecom-de 1 ({'c' * 12})"
    assert parts["context"] == "4096 tokens"
    assert ModelProvenance(id="x", sha256="y", engine="z").context_tokens == 0


@pytest.mark.parametrize(
    ("engine", "strategy", "prompts", "measured"),
    [
        ("llama-cpp-python 0.3", "heads", ("transcript", "transcript:probe"), True),
        ("recorded:llama-cpp-python 0.3", "heads", ("transcript", "transcript:probe"), True),
        ("llama-cpp-python 0.3", "turnwise", ("agent-turn", "caller-turn", "incident"), False),
        ("llama-cpp-python 0.3", "heads", ("incidents", "incidents:probe"), True),
        ("llama-cpp-python 0.3", "events", ("call-events",), False),
        ("server (vllm)", "turnwise", ("agent-turn", "caller-turn"), False),
        ("recorded:server (vllm)", "events", ("call-events",), False),
        ("server (vllm)", "events", ("call-events", "call-events:calibration"), True),
        ("server (vllm)", "turnwise", ("agent-turn", "agent-turn:calibration", "caller-turn"), True),
        ("fake", "events", ("call-events",), True),
        ("recorded:fake", "turnwise", ("agent-turn", "caller-turn"), True),
    ],
)
def test_a_reader_is_unmeasured_if_it_asks_what_agents_do_and_nothing_was_learned(
    engine: str, strategy: str, prompts: tuple[str, ...], measured: bool
) -> None:
    """A script says what it was told to: nothing of it needs to be measured."""
    stamps = tuple(PromptProvenance(id=id_, version=1, sha256="a" * 64) for id_ in prompts)
    model = ModelProvenance(id="x", sha256="y", engine=engine)
    update = {"strategy": strategy, "prompts": stamps, "model": model}
    assert ORIGIN.model_copy(update=update).measured is measured


@pytest.mark.parametrize(
    "other",
    [
        {"ausweis": "2"},
        {"strategy": "events"},
        {"policy": POLICY.model_copy(update={"sha256": "d" * 64})},
        {"prompts": ()},
        *(
            {"model": ENGINE.model_copy(update={name: value})}
            for name, value in (
                ("sha256", "c" * 64),
                ("engine", "other"),
                ("parameters", {"rope": 2}),
                ("context_tokens", 1),
            )
        ),
    ],
)
def test_all_that_a_verdict_depends_on_makes_another_system(other: dict[str, object]) -> None:
    assert system_of(ORIGIN.model_copy(update=other)) != system_of(ORIGIN)


def test_series_of_one_system_stay_apart() -> None:
    assert system_of(ORIGIN, "1") != system_of(ORIGIN, "2") != system_of(ORIGIN)


def test_now_is_in_utc_to_the_second() -> None:
    told = now()
    assert told.endswith("Z")
    assert abs((datetime.now(UTC) - datetime.fromisoformat(told)).total_seconds()) < 60
