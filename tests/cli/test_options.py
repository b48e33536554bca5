from typing import Any

import click
import pytest

from ausweis.cli.options import recording_options


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
