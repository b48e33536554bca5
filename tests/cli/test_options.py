import wave
from pathlib import Path
from typing import Any

import click
import pytest

from ausweis.cli import cli
from ausweis.cli.options import recording_options
from ausweis.errors import ModelError


@click.command()
@recording_options
def hear(**options: Any) -> None:
    """Nothing."""


@pytest.mark.parametrize("name", ["--asr-model", "--recogniser"])
def test_the_asr_model_has_a_name_and_an_earlier_one(name: str) -> None:
    assert hear.make_context("hear", [name, "small"]).params["asr_model"] == "small"


def test_help_says_nothing_of_the_earlier_name() -> None:
    told = hear.get_help(click.Context(hear))
    assert "--asr-model" in told
    assert "recogniser" not in told


@pytest.mark.parametrize("command", [["score", "--store", "run/ausweis.sqlite"], ["transcribe", "--out", "run"]])
def test_an_asr_model_that_is_not_pulled_yet_gets_one_sentence(folder: Path, command: list[str]) -> None:
    with wave.open(str(folder / "call.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 8000, "NONE", ""))
        file.writeframes(bytes(16_000))
    named = [*command, "call.wav", "--policy", "telecom-de", "--asr-model", "whisper-small"]
    with pytest.raises(ModelError) as caught:
        cli.main(named, standalone_mode=False)
    assert str(caught.value) == (
        "the model whisper-small is not on this machine yet: with a connection `ausweis models pull whisper-small` "
        "(486 MB), or with a copy of its folder `ausweis models pull whisper-small --from PATH`"
    )
    assert not (folder / "run").exists()
