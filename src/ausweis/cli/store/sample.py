"""`ausweis store sample`, `recall` and `agreement`: calls drawn by chance, and what reviewers' decisions tell."""

from datetime import datetime

import click

from ausweis.cli.store_options import DAY, login, opened, store_option

__all__ = ["agreement", "recall", "sample"]


@click.command(epilog="\b\nExample:\n  ausweis store agreement")
@store_option
def agreement(address: str) -> None:
    """Tell how far reviewers of one verdict agree on the outcome: share of pairs, and kappa."""
    with opened(address) as store:
        agreed = store.agreement()
    if not agreed.pairs:
        click.echo("no verdict has two reviewers yet")
        return
    click.echo(
        f"{agreed.pairs} pairs, {agreed.same} agree ({agreed.same / agreed.pairs:.0%}), kappa {agreed.kappa:.2f}"
    )


@click.command(epilog="\b\nExample:\n  ausweis store sample --first 2026-03-02 --number 50")
@click.option("--first", required=True, type=DAY, metavar="DAY", help="First day, such as 2026-03-02.")
@click.option("--last", type=DAY, metavar="DAY", help="Last day. Default: the first.")
@click.option(
    "--number", "-n", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="Calls to draw."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32),
    metavar="N",
    help="Number that draws the same calls again from the same store.",
)
@store_option
def sample(first: datetime, last: datetime | None, number: int, seed: int | None, address: str) -> None:
    """Draw calls that are not to review. They stand in the queue as sampled; `ausweis store recall` counts on them."""
    with opened(address) as store:
        for key in store.draw_sample(first.date(), (last or first).date(), number, seed=seed, by=login()):
            click.echo(store.record(key).row.call_id)


_NO_SAMPLE = "no call of these days was drawn since it was judged"
_NO_INCIDENTS = "no drawn call of these days tells anything of incidents"


@click.command(epilog="\b\nExample:\n  ausweis store recall --first 2026-03-02 --last 2026-03-08")
@click.option(
    "--first", type=DAY, metavar="DAY", help="First day, such as 2026-03-02. Default: all days that were sampled."
)
@click.option("--last", type=DAY, metavar="DAY", help="Last day, such as 2026-03-08.")
@click.option("--incidents", is_flag=True, help="Count calls with a critical incident, instead of violations.")
@store_option
def recall(first: datetime | None, last: datetime | None, incidents: bool, address: str) -> None:
    """Estimate which share of the violations was found, from the decided calls of the samples."""
    days = first.date() if first else None, last.date() if last else None
    with opened(address) as store:
        estimate = store.field_recall(*days, of="incidents" if incidents else "violations")
    if not estimate.sampled and not estimate.waiting:
        click.echo(f"recall cannot be told: {_NO_INCIDENTS if incidents else _NO_SAMPLE} (ausweis store sample)")
        return
    what = "calls with an incident" if incidents else "violations"
    click.echo(f"{estimate.found} {what} among calls to review; {estimate.undecided} calls to review are not decided")
    click.echo(
        f"{estimate.missed_in_sample} among {estimate.sampled} calls decided blind, of {estimate.represented} that "
        f"were not to review; {estimate.waiting} drawn calls are not decided blind"
    )
    if estimate.in_view:
        click.echo(f"{estimate.in_view} more do not count: whoever decided them had seen the verdict")
    if estimate.hasty:
        click.echo(f"{estimate.hasty} of {estimate.sampled} were decided in less than a tenth of the time they take")
    if estimate.days_left_out:
        click.echo(f"{estimate.days_left_out} days left out, in part or whole: no decided sample speaks for them")
    if estimate.recall is not None:
        click.echo(f"recall {estimate.recall:.2f} (95 %: {estimate.low:.2f} to {estimate.high:.2f})")
    elif estimate.sampled:
        click.echo(f"recall cannot be told: there are no {what} among the decided calls")
    else:
        click.echo("recall cannot be told yet: decide the drawn calls (ausweis serve, Sample)")
