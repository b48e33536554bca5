"""Labelled calls from scripts that people write by hand: `python -m evals.lab.write_calls SCRIPT... --out FILE`.

A call's id is the name of the script behind that of its folder (that above it, where it is `calls`), which names the
writing pass. A script is a text: a head of `key: value` lines, an empty line, and a line a turn, `A:` for the agent and
`C:` for the caller's side, with the events of the turn in braces at its end:

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
word, and both are held against each other. A policy that does not ship is looked for by its id in `--policies FOLDER`,
which belongs beside the file as `policies/`. `twin` is the name of another script of the folder.
"""

import re
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from ausweis.calls.checks import explain
from ausweis.errors import AusweisError, InputError
from ausweis.evals.validate import validate
from ausweis.judging import judge
from ausweis.labelled import LabelledCall, gold_facts
from ausweis.policies import find_policy

NEEDED = ("policy", "language", "outcome", "violations", "title", "why")
HEAD = (*NEEDED, "surface", "caller", "authorisation", "scenario", "difficulty", "direction", "twin")
SPEAKERS = {"A": "agent", "C": "caller"}
_TURN = re.compile(r"([AC]):\s*(.*?)\s*(?:\{([^{}]*)\})?\s*$")


def _parse(text: str, call_id: str, writing_pass: str | None) -> tuple[dict[str, Any], set[str]]:
    """A labelled call as JSON, its violations without those of the head; and the types that the head names.

    Raises:
        InputError: a line is neither head nor turn.
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
            if "{" in said or "}" in said:
                raise InputError("a brace stands among the words", place=f"{call_id}:{number}")
            if not said:
                raise InputError("a turn without words", place=f"{call_id}:{number}")
            turns.append({"speaker": SPEAKERS[letter], "text": said})
            for event in filter(None, (event.strip() for event in (marked or "").split(","))):
                kind, _, subject = event.partition(" ")
                events.append({"turn": len(turns), "kind": kind} | ({"subject": subject.strip()} if subject else {}))
        elif turns or ":" not in line:
            raise InputError("begins neither with A: nor with C:", place=f"{call_id}:{number}")
        else:
            key, _, value = line.partition(":")
            if key.strip() not in HEAD:
                raise InputError(f"no word of the head: {', '.join(HEAD)}", place=f"{call_id}:{number}")
            head[key.strip()] = value.strip()
    if missing := set(NEEDED) - set(head):
        raise InputError(f"the head lacks {', '.join(sorted(missing))}", place=call_id)
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
        "twin": _id_of(head["twin"], writing_pass) if head.get("twin") else None,
        "writing_pass": writing_pass,
        "tags": {
            "scenario": [word.strip() for word in head.get("scenario", "plain").split(",") if word.strip()],
            "difficulty": head.get("difficulty", "medium"),
            "surface": head.get("surface", "clean"),
        },
    }
    types = {kind.strip() for kind in head["violations"].split(",")} - {"none", ""}
    return {"call": call, "gold": gold}, types


def _id_of(name: str, writing_pass: str | None) -> str:
    return f"{writing_pass}-{name}" if writing_pass else name


def labelled_of(
    text: str, call_id: str, writing_pass: str | None = None, policies: Path | None = None
) -> tuple[LabelledCall, list[str]]:
    """The call of a script, and what is wrong with its label; of a twin's other half nothing is known here.

    Raises:
        InputError: it is no script, or has words that are none of the code book.
    """
    body, types = _parse(text, call_id, writing_pass)
    try:
        without = _call_of(body, policies)
    except ValidationError as error:
        raise InputError(f"no labelled call, at {explain(error, body)}", place=call_id) from None
    verdict = judge(gold_facts(without), find_policy(without.policy).policy)
    broken = sorted({(one.turn, one.type) for one in verdict.violations})
    body["gold"]["violations"] = [{"type": kind, "turn": turn} for turn, kind in broken]
    body["gold"]["first_violation_turn"] = min((turn for turn, _ in broken), default=None)
    labelled = _call_of(body, policies)
    alone = labelled.model_copy(update={"gold": labelled.gold.model_copy(update={"twin": None})})
    problems = [problem.message for problem in validate([alone])]
    if types != {kind for _, kind in broken}:
        by_rules = ", ".join(f"{kind} in turn {turn}" for turn, kind in broken) or "none"
        problems.append(
            f"violations: the head says {', '.join(sorted(types)) or 'none'}, the rules make {by_rules} of its events"
        )
    return labelled, problems


def _call_of(body: dict[str, Any], policies: Path | None) -> LabelledCall:
    labelled = LabelledCall.model_validate(body)
    return labelled if policies is None else labelled.with_policies(policies)


@click.command()
@click.argument("scripts", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--policies", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Own policies.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The labelled calls (JSONL).")
def main(scripts: tuple[Path, ...], policies: Path | None, out: Path | None) -> None:
    """Turn scripts into labelled calls; those with a mistake are named and left out."""
    calls, wrong = [], 0
    for path in scripts:
        try:
            folder = path.resolve().parent
            writing_pass = folder.parent.name if folder.name == "calls" else folder.name
            labelled, problems = labelled_of(
                path.read_text(encoding="utf-8"), _id_of(path.stem, writing_pass), writing_pass, policies
            )
        except AusweisError as error:
            labelled, problems = None, [str(error)]
        for problem in problems:
            click.echo(f"{path}: {problem}")
        wrong += bool(problems)
        if labelled is not None and not problems:
            calls.append(labelled)
    good = {labelled.call.id for labelled in calls}
    lonely = [labelled for labelled in calls if labelled.gold.twin not in (None, *good)]
    for labelled in lonely:
        click.echo(f"{labelled.call.id}: its twin {labelled.gold.twin} is not among the scripts, or has a mistake")
    if out is not None:
        lines = (labelled.line() for labelled in calls if labelled not in lonely)
        out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    sys.exit(1 if wrong or lonely else 0)


if __name__ == "__main__":
    main()
