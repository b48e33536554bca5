"""Labelled calls from scripts that people write by hand: `python evals/write_calls.py SCRIPT... --out FILE`.

A script is a text: a head of `key: value` lines, an empty line, and a line a turn, `A:` for the agent and `C:` for the
caller's side, with the events of the turn in braces at its end:

    policy: telecom-de
    language: de
    outcome: compliant
    violations: none
    caller: account_holder
    title: Rechnung erklärt
    why: The PIN is given before the bill is explained.

    A: Nordlicht Telekom, guten Tag. Ihre Telefon-PIN, bitte? {asks pin}
    C: Petersen, die vier sieben eins eins. {gives name, gives pin}

Events are the code book's words. The turns of violations are those that the rules find; their types are the author's
word, and `--check` tells where the two differ.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ausweis.evals import LabelledCall
from ausweis.evals.labelled import gold_facts
from ausweis.evals.validate import validate
from ausweis.judging import find_policy, judge

NEEDED = ("policy", "language", "outcome", "violations", "title", "why")
HEAD = (*NEEDED, "surface", "caller", "authorisation", "scenario", "difficulty", "direction")
SPEAKERS = {"A": "agent", "C": "caller"}
_TURN = re.compile(r"([AC]):\s*(.*?)\s*(?:\{([^{}]*)\})?\s*$")


class ScriptError(ValueError):
    """What is wrong with a script, with its line."""


def parse(text: str, call_id: str) -> tuple[dict[str, Any], set[str]]:
    """A labelled call as JSON, its violations without those of the head; and the types that the head names.

    Raises:
        ScriptError: a line is neither head nor turn.
    """
    head: dict[str, str] = {}
    turns: list[dict[str, str]] = []
    events: list[dict[str, Any]] = []
    for number, line in enumerate(text.strip().splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if match := _TURN.match(line):
            letter, said, marked = match.groups()
            if not said:
                raise ScriptError(f"line {number}: a turn without words")
            turns.append({"speaker": SPEAKERS[letter], "text": said})
            for event in filter(None, (one.strip() for one in (marked or "").split(","))):
                kind, _, subject = event.partition(" ")
                events.append({"turn": len(turns), "kind": kind} | ({"subject": subject.strip()} if subject else {}))
        elif turns or ":" not in line:
            raise ScriptError(f"line {number}: begins neither with 'A:' nor with 'C:'")
        else:
            key, _, value = line.partition(":")
            if key.strip() not in HEAD:
                raise ScriptError(f"line {number}: {key.strip()!r} is no word of the head ({', '.join(HEAD)})")
            head[key.strip()] = value.strip()
    if missing := set(NEEDED) - set(head):
        raise ScriptError(f"the head lacks {', '.join(sorted(missing))}")
    call: dict[str, Any] = {"id": call_id, "language": head["language"], "turns": turns}
    if "direction" in head:
        call["direction"] = head["direction"]
    gold = {
        "policy": head["policy"],
        "outcome": head["outcome"],
        "caller": head.get("caller", "account_holder"),
        "authorisation": head.get("authorisation", "not_needed"),
        "events": events,
        "why": head["why"],
        "title": head["title"],
        "writing_pass": call_id.rpartition("-")[0],
        "tags": {
            "scenario": [one.strip() for one in head.get("scenario", "plain").split(",") if one.strip()],
            "difficulty": head.get("difficulty", "medium"),
            "surface": head.get("surface", "clean"),
        },
    }
    types = {one.strip() for one in head["violations"].split(",")} - {"none", ""}
    return {"call": call, "gold": gold}, types


def labelled_of(text: str, call_id: str) -> tuple[LabelledCall, list[str]]:
    """The call of a script, and what is wrong with its label."""
    body, types = parse(text, call_id)
    without = LabelledCall.model_validate(body)
    verdict = judge(gold_facts(without), find_policy(without.gold.policy).policy)
    found = sorted({(one.turn, one.type) for one in verdict.violations})
    body["gold"]["violations"] = [{"type": kind, "turn": turn} for turn, kind in found]
    body["gold"]["first_violation_turn"] = min((turn for turn, _ in found), default=None)
    labelled = LabelledCall.model_validate(body)
    problems = [problem.message for problem in validate([labelled])]
    if types != {kind for _, kind in found}:
        by_rules = ", ".join(f"{kind} in turn {turn}" for turn, kind in found) or "none"
        problems.append(
            f"violations: the head says {', '.join(sorted(types)) or 'none'}, the rules make {by_rules} of its events"
        )
    return labelled, problems


def scripts_of(paths: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """The id of each script's call: its folder (the writing pass) and its name."""
    for path in paths:
        yield f"{path.resolve().parent.name}-{path.stem}", path


@click.command(help=__doc__)
@click.argument("scripts", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Only tell what is wrong, and the turns of each call.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The labelled calls (JSONL).")
def main(scripts: tuple[Path, ...], check: bool, out: Path | None) -> None:
    """Turn scripts into labelled calls."""
    lines, wrong = [], 0
    for call_id, path in scripts_of(scripts):
        try:
            labelled, problems = labelled_of(path.read_text(encoding="utf-8"), call_id)
        except ValueError as error:
            wrong += 1
            click.echo(f"{path}: {error}")
            continue
        wrong += bool(problems)
        for problem in problems:
            click.echo(f"{path}: {problem}")
        if check:
            turns, gold = len(labelled.call.turns), labelled.gold
            click.echo(f"{path.name}: {turns} turns, {gold.outcome}, {len(gold.events)} events, {gold.tags.surface}")
        if not problems:
            lines.append(labelled.model_dump_json(exclude_unset=True, exclude_none=True))
    if out is not None:
        out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
