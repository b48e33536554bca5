"""Who is the agent, told by the talk: `python benchmarks/roles.py evals/golden/dev.jsonl evals/golden/field-dev.jsonl`.

Reads calls whose sides are known (labelled ones, transcripts, or the `transcripts.jsonl` of recordings with known
channels) as if they were not, and tells how often the right side is taken and how sure that is. Each call is shown both
ways round: a pair that is exchanged in the end must be less sure than what marks a verdict. `--harmed 0.15` leaves out
that share of the words and gives that share of the turns to the other side, as a mono recording may. `--ask 40` lets
the language model read so many of the calls that the words leave open, and shows what that changes; the others stay as
the words tell them.
"""

import math
import random
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import click

from ausweis.audio.role_words import RoleWords
from ausweis.audio.roles import SLOPE, SURE, Roles, difference
from ausweis.calls import Call, Turn, read_calls
from ausweis.judging.review import SURE_OF_ROLES

STEPS = (0.5, 0.7, 0.9, 0.95, 0.99, 1.0)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--harmed", type=click.FloatRange(0, 0.5), default=0.0, show_default=True, metavar="SHARE")
@click.option("--first", type=click.IntRange(min=1), metavar="TURNS", help="Only the beginning of each call.")
@click.option("--ask", type=click.IntRange(min=1), metavar="CALLS", help="Let the language model read unsure calls.")
def main(files: tuple[Path, ...], harmed: float, first: int | None, ask: int | None) -> None:
    """Measure who is taken for the agent in FILES."""
    words = RoleWords.load()
    calls = [call for call in read_calls(files) if isinstance(call, Call)]
    talks = [(call, _harmed(call, harmed)[:first]) for call in calls]
    begun = time.monotonic()
    told = [words.log_odds(turns) for _, turns in talks]
    click.echo(f"{len(calls)} calls, {1000 * (time.monotonic() - begun) / len(calls):.1f} ms each")
    for language in ("de", "en"):
        _show(language, [odds for (call, _), odds in zip(talks, told, strict=True) if call.language == language])
    _show("all", told)
    _both_ways(talks, words)
    if ask:
        unsure = [at for at, odds in enumerate(told) if _sure(odds) < SURE][:ask]
        _ask([talks[at] for at in unsure], [told[at] for at in unsure])


def _harmed(call: Call, share: float) -> list[Turn]:
    """Without a share of the words, and with the same share of the turns given to the other side."""
    chance = random.Random(call.id)
    turns = []
    for turn in call.turns:
        text = " ".join(word for word in turn.text.split() if chance.random() >= share)
        crossed = chance.random() < share
        if text:
            turns.append(Turn(speaker=_other(turn.speaker) if crossed else turn.speaker, text=text))
    return turns


def _other(speaker: str) -> str:
    return {"agent": "caller", "caller": "agent"}.get(speaker, speaker)


def _sure(odds: float) -> float:
    return 1 / (1 + math.exp(-abs(odds)))


def _show(name: str, told: Sequence[float]) -> None:
    if not told:
        return
    loss = sum(math.log1p(math.exp(-odds)) for odds in told) / len(told)
    click.echo(f"{name}: right {sum(odds > 0 for odds in told)} of {len(told)}, log loss {loss:.4f}")
    for low, high in pairwise(STEPS):
        within = [odds for odds in told if low <= _sure(odds) < high or (high == 1.0 and _sure(odds) == 1.0)]
        if within:
            said = sum(map(_sure, within)) / len(within)
            right = sum(odds > 0 for odds in within)
            click.echo(
                f"  {low:g} to {high:g} sure: {len(within):>4}, says {said:.3f}, right {right / len(within):.3f}"
            )


def _both_ways(talks: Sequence[tuple[Call, list[Turn]]], words: RoleWords) -> None:
    """What is decided, with the sides as they are and exchanged; where words are unsure, without the model."""
    roles = Roles(words, lambda call: 0.0)
    wrong = []
    for call, turns in talks:
        crossed = [turn.model_copy(update={"speaker": _other(turn.speaker)}) for turn in turns]
        for way, exchanged in ((turns, False), (crossed, True)):
            straight = roles(way, call.language)
            if (straight >= 0.5) == exchanged:
                wrong.append(max(straight, 1 - straight))
    unmarked = sum(sure >= SURE_OF_ROLES for sure in wrong)
    click.echo(f"both ways round: {len(wrong)} of {2 * len(talks)} exchanged in the end, {unmarked} of them unmarked")


def _ask(talks: Sequence[tuple[Call, list[Turn]]], told: Sequence[float]) -> None:
    from ausweis.batch.config import open_engine
    from ausweis.prompts import default_library
    from ausweis.reading.questions import PolicyText
    from ausweis.reading.strategies import open_reader

    with closing(open_engine("llama")) as engine:
        reader = open_reader("turnwise", engine, default_library(), PolicyText())
        begun = time.monotonic()
        more = [
            difference(turns, call.language, lambda read: sum(e.probability for e in reader.read(read).facts.events))
            for call, turns in talks
        ]
        click.echo(f"asked the model about {len(talks)} calls, {(time.monotonic() - begun) / len(talks):.1f} s each")
    _show("  words", told)
    _show("  reading", [SLOPE * one for one in more])
    _show("  both", [odds + SLOPE * one for odds, one in zip(told, more, strict=True)])


if __name__ == "__main__":
    main()
