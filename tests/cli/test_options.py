import wave
from datetime import date
from pathlib import Path

import click
import pytest

from ausweis.cli import cli
from ausweis.cli.options import Days
from ausweis.errors import InputError, ModelError


def options(command: click.Command, context: click.Context) -> int:
    inner = (
        [command.get_command(context, name) for name in command.list_commands(context)]
        if isinstance(command, click.Group)
        else []
    )
    own = sum(isinstance(one, click.Option) for one in command.params)
    return own + sum(options(one, context) for one in inner if one is not None)


def test_all_commands_together_have_few_options() -> None:
    """Who adds one looks first for one that can go."""
    assert options(cli, click.Context(cli)) <= 105


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-02", date(2026, 3, 2), date(2026, 3, 2)),
        ("2026-03-01/2026-03-31", date(2026, 3, 1), date(2026, 3, 31)),
        ("2026-03-01/", date(2026, 3, 1), None),
        ("/2026-03-31", None, date(2026, 3, 31)),
        ("/", None, None),
    ],
)
def test_days(text: str, first: date | None, last: date | None) -> None:
    assert Days().convert(text, None, None) == (first, last)


def test_yesterday_is_the_day_before_today() -> None:
    yesterday, today = Days().convert("yesterday/today", None, None)
    assert (today - yesterday).days == 1


@pytest.mark.parametrize("text", ["gestern", "2026-13-01", "2026-03-02/2026-03-01", "2026-03-01/x", "2026-03-01//"])
def test_what_are_no_days(text: str) -> None:
    with pytest.raises(InputError, match="--day"):
        Days().convert(text, None, None)


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
