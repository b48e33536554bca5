"""What verdicts come from is one record."""

import pytest
from tests.store.runs import ENGINE, PROMPTS

from ausweis.batch import Inputs, RunManifest
from ausweis.batch.manifest import Machine
from ausweis.provenance import ModelProvenance, PolicyProvenance, PromptProvenance

POLICY = PolicyProvenance(id="telecom-de", version="1", sha256="c" * 64)


def manifest() -> RunManifest:
    return RunManifest(
        ausweis="1",
        strategy="turnwise",
        policy=POLICY,
        prompts=PROMPTS,
        model=ENGINE,
        inputs=Inputs(),
        machine=Machine.here(),
        started="2026-03-02T20:00:00Z",
    )


def test_a_verdict_tells_the_model_without_its_context() -> None:
    told = manifest().of_verdict("d" * 64, seconds=1.23456, tokens=7).model_dump(mode="json")
    assert told["model"] == {"id": "tiny", "sha256": "b" * 64, "engine": "fake", "parameters": {}}
    assert (told["seconds"], told["tokens"], told["policy"]) == (1.235, 7, POLICY.model_dump())


def test_the_parts_of_a_run_are_shown_in_words() -> None:
    parts = manifest().parts()
    assert parts["model"] == f"tiny ({'b' * 12})"
    assert parts["prompts"] == f"agent-turn@1 ({'a' * 12})"
    assert parts["policy"] == f"telecom-de 1 ({'c' * 12})"
    assert parts["context"] == "4096 tokens"
    assert ModelProvenance(id="x", sha256="y", engine="z").context_tokens == 0


@pytest.mark.parametrize(
    ("engine", "strategy", "prompts", "measured"),
    [
        ("llama-cpp-python 0.3", "turnwise", ("transcript", "transcript:probe"), True),
        ("replay:llama-cpp-python 0.3", "turnwise", ("transcript", "transcript:probe"), True),
        ("llama-cpp-python 0.3", "turnwise", ("agent-turn", "caller-turn", "incidents:probe"), False),
        ("llama-cpp-python 0.3", "turnwise", ("incidents", "incidents:probe"), True),
        ("llama-cpp-python 0.3", "events", ("call-events",), False),
        ("server (vllm)", "turnwise", ("agent-turn", "caller-turn"), False),
        ("replay:server (vllm)", "events", ("call-events",), False),
        ("server (vllm)", "events", ("call-events", "call-events:calibration"), True),
        ("server (vllm)", "turnwise", ("agent-turn", "agent-turn:calibration", "caller-turn"), True),
        ("fake", "events", ("call-events",), True),
        ("replay:fake", "turnwise", ("agent-turn", "caller-turn"), True),
    ],
)
def test_a_reader_is_unmeasured_if_it_asks_what_agents_do_and_nothing_was_learned(
    engine: str, strategy: str, prompts: tuple[str, ...], measured: bool
) -> None:
    """A script says what it was told to: nothing of it needs to be measured."""
    stamps = tuple(PromptProvenance(id=id_, version=1, sha256="a" * 64) for id_ in prompts)
    model = ModelProvenance(id="x", sha256="y", engine=engine)
    update = {"strategy": strategy, "prompts": stamps, "model": model}
    assert manifest().model_copy(update=update).measured is measured
