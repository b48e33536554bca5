"""The page for programs is true: what it shows runs, what it says is raised is; and `import ausweis` is light."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import ausweis
from ausweis.batch.reader import AnyCall
from ausweis.calls import Call
from ausweis.errors import AusweisError, CallFormatError, EngineError, InputError, ModelError, PolicyError, PromptError
from ausweis.judging.verdict import Verdict

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
ANSWERS = """\
answers:
  - {template: call-start, answer: beginning}
  - {contains: Störgeräusch, error: no answer}
  - {template: caller-turn, matches: "caller: .*Kennwort.*$", answer: gives password}
  - {template: agent-turn, matches: "agent: .*Vertrag.*$", answer: tells contract data}
  - {answer: nothing}
"""
CALL = {
    "id": "c1",
    "turns": [
        {"speaker": "caller", "text": "Mein Kennwort ist Seestern."},
        {"speaker": "agent", "text": "Ihr Vertrag läuft bis Mai."},
    ],
}


@pytest.fixture
def engine(tmp_path: Path) -> str:
    (tmp_path / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    return f"fake:{tmp_path / 'answers.yaml'}"


def typed_in(**options: Any) -> dict[str, Any]:
    """The names that the code of the page leaves behind, in this folder of a checkout. `options` of each reader."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    code = code.replace('"telecom-de")\nprint', f'"telecom-de"{given})\nprint').replace(
        "Reader(policy)", f"Reader(policy{given})"
    )
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def test_the_page(engine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert isinstance(typed_in(engine=engine)["verdict"], Verdict)
    assert [Verdict.model_validate_json(line).call_id for line in capsys.readouterr().out.splitlines()[1:]] == [
        "02-adresse-vorgesagt",
        "c3",
    ]


@pytest.mark.alone
@pytest.mark.model
def test_the_page_with_the_model(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert typed_in()["verdict"].outcome == "violation"
    told = [Verdict.model_validate_json(line).outcome for line in capsys.readouterr().out.splitlines()[1:]]
    assert told == ["violation", "not_applicable"]


def test_one_call_in_each_form_has_one_verdict(engine: str, tmp_path: Path) -> None:
    policy = ausweis.find_policy("telecom-de")
    call = Call.model_validate(CALL)
    (tmp_path / "c1.json").write_text(call.model_dump_json(), encoding="utf-8")
    forms: tuple[AnyCall, ...] = (call, CALL, tmp_path / "c1.json", str(tmp_path / "c1.json"))
    with ausweis.Reader(policy, engine=engine) as reader:
        verdicts = [reader.score(form) for form in forms]
    verdicts += [ausweis.score(call, form, engine=engine) for form in ("telecom-de", policy, policy.policy)]
    found = {(one.outcome, tuple((v.type, v.turn) for v in one.violations), one.call_id) for one in verdicts}
    assert len(found) == 1
    assert {one[0] for one in found} <= {"compliant", "violation"}


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("nowhere.json", InputError),
        ({"turns": []}, CallFormatError),
        ({"id": "c2", "turns": [{"speaker": "agent", "text": "Ja."}]}, CallFormatError),
        ({"id": "c2", "turns": [*CALL["turns"], {"speaker": "caller", "text": "Störgeräusch"}]}, EngineError),
    ],
)
def test_a_call_without_a_verdict_raises_and_the_next_is_read(
    engine: str, call: str | Mapping[str, Any], fault: type[AusweisError]
) -> None:
    with ausweis.Reader("telecom-de", engine=engine) as reader:
        with pytest.raises(fault) as caught:
            reader.score(call)
        assert caught.value.place
        assert reader.score(CALL).call_id == "c1"


def test_a_file_of_several_calls_is_refused(engine: str, tmp_path: Path) -> None:
    line = Call.model_validate(CALL).model_dump_json()
    (tmp_path / "calls.jsonl").write_text(f"{line}\n{line.replace('c1', 'c2')}\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds 2 calls"):
        ausweis.score(tmp_path / "calls.jsonl", "telecom-de", engine=engine)


def test_what_a_reader_cannot_be_made_of(engine: str) -> None:
    with pytest.raises(PolicyError):
        ausweis.Reader("nowhere")
    for options, fault in (
        ({"engine": "none"}, InputError),
        ({"model": "none"}, ModelError),
        ({"engine": engine, "prompts": ("agent-turn@9",)}, PromptError),
        ({"engine": engine, "strategy": "heads"}, PromptError),
    ):
        with pytest.raises(fault), ausweis.Reader("telecom-de", **options):
            pass
    with pytest.raises(InputError, match="not open"):
        ausweis.Reader("telecom-de", engine=engine).score(CALL)


def test_the_import_is_light() -> None:
    code = "import sys; before = set(sys.modules); import ausweis; print(len(set(sys.modules) - before)); ausweis.score"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 3
    assert set(ausweis.__all__) <= {*dir(ausweis), "Reader", "score", "find_policy"}
    with pytest.raises(AttributeError, match="nothing"):
        getattr(ausweis, "nothing")  # noqa: B009
