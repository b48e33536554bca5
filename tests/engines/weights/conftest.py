"""What tests of weights share."""

from pathlib import Path

import pytest


@pytest.fixture
def cache(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of model files; the models are those of the module's `CATALOGUE`."""
    own = tmp_path / "models.yaml"
    own.write_text(request.module.CATALOGUE)
    monkeypatch.setenv("AUSWEIS_MODELS", str(own))
    monkeypatch.setenv("AUSWEIS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"
