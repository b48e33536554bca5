"""Eval runs side by side, and pair by pair: what a terminal, Markdown and an HTML page show. They quote no call."""

from collections.abc import Callable, Iterable, Iterator

from ausweis.evals.comparing import CaseChange, Comparison, SideBySide
from ausweis.pages.markup import cell, code, page_of

SHOWN = 20
"""Calls named of each kind, but on the page, which has all."""
_NAMED = 8
COLUMNS = ("run", "calls", "right", "found", "false alarms", "AP", "s a call", "better", "worse", "p")
NUMBERS = ("number", "before", "after", "better", "worse", "chance?")
_CHANGES = ("call", "label", "before", "after", "risk", "facts that came (+) and went (−)")


def legend(runs: SideBySide) -> str:
    """What `COLUMNS` and `NUMBERS` mean."""
    return (
        "Found: of violations. False alarms: of clean calls. AP: average precision of risk. Better, worse: calls that "
        f"are judged rightly now, or no longer, paired with {next(iter(runs.runs))}; p: by chance (McNemar, exact). "
        "An interval is of the difference (95 %, paired bootstrap)."
    )


def run_rows(runs: SideBySide) -> Iterator[tuple[str, ...]]:
    """A row of `COLUMNS` for each run."""
    for name, one in runs.runs.items():
        shares = [_number(share) for share in (one.right, one.found, one.false_alarms, one.average_precision)]
        pair = runs.against_first.get(name)
        paired = ("", "", "") if pair is None else (str(len(pair.better)), str(len(pair.worse)), _number(pair.p))
        yield (name, str(one.calls), *shares, _number(one.seconds, 1), *paired)


def number_rows(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    """A row of `NUMBERS` for each number of two runs."""
    for one in comparison.flips:
        before, after = map(_number, (one.before, one.after))
        yield f"{one.name} right", before, after, str(one.better), str(one.worse), f"p {one.p:.3f}"
    for number in comparison.differences:
        interval = f"{number.after - number.before:+.3f} ({number.low:+.3f} to {number.high:+.3f})"
        yield number.name, _number(number.before), _number(number.after), "", "", interval


def notes(comparison: Comparison, shown: Callable[[str], str] = str) -> Iterator[str]:
    """How many calls are compared, and which are not, or by another label; `shown`: how ids are written."""
    yield f"{comparison.calls} calls compared."
    for what, ids in (
        ("only before", comparison.missing),
        ("only after", comparison.new),
        ("with another label after, by which both are measured", comparison.relabelled),
    ):
        if ids:
            more = " …" if len(ids) > _NAMED else ""
            yield f"{len(ids)} calls {what}: {', '.join(map(shown, ids[:_NAMED]))}{more}"


def change_groups(comparison: Comparison) -> dict[str, tuple[CaseChange, ...]]:
    """The calls that were judged otherwise, by what that means."""
    groups = {"Better": comparison.better, "Worse": comparison.worse, "Other facts": comparison.other}
    return {title: changes for title, changes in groups.items() if changes}


def fact_lines(change: CaseChange, shown: Callable[[str], str] = str) -> Iterator[str]:
    """The facts of a call that came and went, each with whether the label has it; `shown`: how words are written."""
    for field, sides in change.facts.items():
        for sign, word in (
            *(("−", word) for word in sides["before"] if word not in sides["after"]),
            *(("+", word) for word in sides["after"] if word not in sides["before"]),
        ):
            yield f"{sign} {field}: {shown(word)} ({'' if word in sides['label'] else 'not '}in the label)"


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def compare_markdown(runs: SideBySide) -> str:
    """The table of runs, then for each its numbers and calls against the first."""
    lines = [*_table(COLUMNS, ((code(name), *rest) for name, *rest in run_rows(runs))), "", cell(legend(runs))]
    for name, comparison in runs.against_first.items():
        lines += ["", f"## {code(name)}", "", *_table(NUMBERS, (map(cell, row) for row in number_rows(comparison))), ""]
        lines += changes_markdown(comparison)
    return "\n".join(lines) + "\n"


def changes_markdown(comparison: Comparison) -> Iterator[str]:
    """The calls that were judged otherwise, line by line."""
    for note in notes(comparison, code):
        yield from (note, "")
    for title, changes in change_groups(comparison).items():
        yield from (f"**{title}** ({len(changes)} calls)", "")
        rows = [
            (*map(code, (one.id, one.label, one.before, one.after)), one.risks, "<br>".join(fact_lines(one, code)))
            for one in changes[:SHOWN]
        ]
        yield from _table(_CHANGES, rows)
        if len(changes) > SHOWN:
            yield f"| and {len(changes) - SHOWN} more {'| ' * len(_CHANGES)}"
        yield ""


def _table(columns: tuple[str, ...], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def compare_page(runs: SideBySide) -> str:
    """The same as a page."""
    pairs = {
        name: {
            "numbers": list(number_rows(comparison)),
            "notes": list(notes(comparison)),
            "groups": {
                title: [
                    ((one.id, one.label, one.before, one.after, one.risks), list(fact_lines(one))) for one in changes
                ]
                for title, changes in change_groups(comparison).items()
            },
        }
        for name, comparison in runs.against_first.items()
    }
    return page_of(
        "compare_page.html.j2",
        "page.css",
        legend=legend(runs),
        pairs=pairs,
        rows=list(run_rows(runs)),
        columns={"runs": COLUMNS, "numbers": NUMBERS, "changes": _CHANGES},
    )
