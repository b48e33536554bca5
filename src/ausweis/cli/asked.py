"""Questions and answers of a model, as commands print them."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

import click

from ausweis.engines.overheard import Asked
from ausweis.engines.protocol import Message
from ausweis.facts import Event, Mention
from ausweis.reading.questions import STARTS_LATE

if TYPE_CHECKING:
    from ausweis.evals.looking import Looked
    from ausweis.labelled import GoldEvent

LEAST = 0.001
"""Labels that are less likely are not named."""
FEW, LEAST_OF_FEW = 3, 0.01
"""Of one turn among many so many labels are named, if they are so likely."""
WIDE = 60
"""Characters of a label there; those of incidents are whole sentences."""


def print_messages(messages: Iterable[Message]) -> None:
    """Each under its role."""
    for message in messages:
        click.secho(f"[{message.role}]", bold=True)
        click.echo(f"{message.content}\n")


def print_questions(asked: Sequence[Asked]) -> None:
    """What the model gets, each question once: what all have in common, then the rest of each."""
    once = list({(one.messages, one.endings): one for one in asked}.values())
    columns = list(zip(*(one.messages for one in once), strict=False))
    common = next((place for place, column in enumerate(columns) if len(set(column)) > 1), len(columns))
    print_messages(once[0].messages[:common])
    for one in once:
        if len(once) > 1:
            click.secho(f"--- {_about(one)}\n", bold=True)
        print_messages(one.messages[common:])
        for number, ending in enumerate(one.endings, start=1):
            if len(one.endings) > 1:
                click.secho(f"--- behind it, by itself: question {number} of {len(one.endings)}\n", bold=True)
            print_messages(ending)


def print_answers(asked: Sequence[Asked], *, all_labels: bool) -> None:
    """What the model answered to each question: a line each, or with `all_labels` all of them, the likeliest first."""
    once = list({(one.turn, one.messages, one.endings): one for one in asked}.values())
    places = Counter(map(_about, once))
    for one in once:
        if places[_about(one)] > 1:
            print_messages(one.messages[-1:])
        if all_labels or not one.told:
            click.secho(_about(one), bold=True)
        if not one.told:
            click.echo(_json(one.text))
        elif all_labels:
            shown = _likeliest(one, LEAST)
            for label, chance in shown:
                click.echo(f"  {chance:6.1%}  {label}")
            if len(shown) < len(one.told):
                click.echo(f"  all others below {LEAST:.1%}")
        else:
            click.echo(f"{_about(one)}: {_said(one)}")


def print_looked(looked: "Looked") -> None:
    """A call of an eval run, turn by turn: its words, each answer, what is labelled, what was read."""
    case, gold, facts = looked.case, looked.labelled.gold, looked.facts
    of = f" (the first of {looked.repeats} repeats)" if looked.repeats > 1 else ""
    click.secho(f"call {case.id}: risk {case.risk:.2f}{of}", bold=True)
    for name, side in (("label", case.gold), ("verdict", case.told)):
        outcome = [str(side.outcome)] if side and case.gold.outcome is not None else []
        marks = (*side.violations, *side.incidents) if side else ()
        click.echo(f"    {name}: {', '.join([*outcome, *map(str, marks)]) or ('no incident' if side else 'none')}")
    for number, turn in (0, None), *enumerate(looked.labelled.call.turns, start=1):
        if turn is not None:
            click.echo(f"\n{number} {turn.speaker}: {turn.text}")
        for asked in looked.asked:
            if (asked.turn or 0) == number:
                click.echo(f"    {asked.template}: {_said(asked)}")
        labelled = [_event(event) for event in gold.events if event.turn == number]
        labelled += [event.id for event in (gold.incidents.events if gold.incidents else ()) if event.turn == number]
        if labelled:
            click.echo(f"    labelled: {', '.join(labelled)}")
        read: Sequence[Event | Mention] = (*facts.events, *facts.incidents) if facts else ()
        found = [one for one in read if one.turn == number]
        if found:
            click.echo(f"    read as: {', '.join(map(_read_as, found))}")


def _likeliest(asked: Asked, least: float) -> list[tuple[str, float]]:
    """The labels that are worth a word; of how the recording starts no line tells but the first."""
    told = asked.likeliest if asked.turn == 1 else [pair for pair in asked.likeliest if pair[0] != STARTS_LATE]
    return [(label, chance) for label, chance in told if chance >= least]


def _read_as(found: Event | Mention) -> str:
    name = _event(found) if isinstance(found, Event) else _short(found.name)
    return f"{name} {found.probability:.1%}"


def _event(event: "Event | GoldEvent") -> str:
    return f"{event.kind} {event.subject or ''}".strip()


def _short(label: str) -> str:
    return shorten(label, WIDE, placeholder=" …")


def _said(asked: Asked) -> str:
    """The likeliest labels on one line, or the text."""
    named = [f"{_short(label)} {chance:.1%}" for label, chance in _likeliest(asked, LEAST_OF_FEW)[:FEW]]
    return ", ".join(named) or asked.text or "–"


def _about(asked: Asked) -> str:
    return f"{asked.template}, " + ("the call" if asked.turn is None else f"turn {asked.turn}")


def _json(text: str) -> str:
    """As it is, where it is none."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text
