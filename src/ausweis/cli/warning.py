"""What a command says beside what it prints: on standard error, so that what is piped on stays clean."""

import click

__all__ = ["warn"]


def warn(text: str) -> None:
    """Say one sentence on standard error."""
    click.echo(f"ausweis: {text}", err=True)
