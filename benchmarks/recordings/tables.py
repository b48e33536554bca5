"""Numbers as aligned tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from evals.lab.heard import KINDS

Row = Sequence[str]


def aligned(rows: Sequence[Row], left: int = 2) -> str:
    """The rows in columns; the first ones to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def hearing_rows(results: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """A row for each folder and way: `results[folder][way]`."""
    head = ["folder", "way", "calls", "failed", "WER de", "WER en", "values right", "roles", "real-time", "MiB"]
    rows: list[Row] = [head]
    for folder, way, one in _each(results):
        rows.append(
            [
                folder,
                way,
                str(one["calls"]),
                str(len(one["failed"])),
                _number(one["wer"]["de"]["value"]),
                _number(one["wer"]["en"]["value"]),
                _share(one["values"]["all"]),
                _share(one["roles"]) if one["roles"] else "–",
                _number(one["real_time"]),
                f"{one['mib']:.0f}",
            ]
        )
    return rows


def kind_rows(results: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Values heard right by kind; of words by their sound, and in brackets as they were meant."""
    kinds = [kind for kind in KINDS if any(kind in one["values"] for _, _, one in _each(results))]
    rows: list[Row] = [["folder", "way", *kinds, "de", "en"]]
    for folder, way, one in _each(results) if kinds else ():
        languages = [one["values_by_language"][language]["all"] for language in ("de", "en")]
        cells = [_of(one["values"].get(kind)) for kind in kinds]
        rows.append([folder, way, *cells, *(_of(language) for language in languages)])
    return rows


def outcome_rows(results: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Verdicts of recordings beside those of the text. `+`: what the recording alone has."""
    rows: list[Row] = [
        ["folder", "calls", "number", "same outcome", "false alarms", "missed", "review", "of text", "ratio"]
    ]
    for folder, _, one in _each(results):
        for name, numbers in one.get("outcomes", {}).items():
            review = numbers["review"]
            rows.append(
                [
                    folder,
                    name,
                    str(numbers["calls"]),
                    _share(numbers["same"]),
                    *(f"+{numbers[kind]['beyond']} of {numbers[kind]['calls']}" for kind in ("false_alarms", "missed")),
                    _share(review["heard"]),
                    _share(review["written"]),
                    "–" if review["ratio"] is None else f"{review['ratio']:.2f}",
                ]
            )
    return rows


def reason_rows(results: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Why verdicts say `needs_review`: calls as heard, and as written."""
    rows: list[Row] = [["folder", "review reason", "heard", "written"]]
    for folder, _, one in _each(results):
        reasons = one.get("outcomes", {}).get("all", {}).get("reasons", {})
        heard, written = reasons.get("heard", {}), reasons.get("written", {})
        rows += [[folder, name, str(heard.get(name, 0)), str(written.get(name, 0))] for name in {**heard, **written}]
    return rows


def difference_rows(results: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """The calls whose outcome is another one when they are heard."""
    rows: list[Row] = [["folder", "call", "heard", "written", "gold", "review"]]
    for folder, _, one in _each(results):
        for each in one.get("differences", []):
            outcomes = (str(each[side]) for side in ("heard", "written", "gold"))
            rows.append([folder, each["call"], *outcomes, " ".join(each["review"])])
    return rows


def _each(results: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [(folder, way, one) for folder, ways in results.items() for way, one in ways.items()]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _share(share: Mapping[str, Any]) -> str:
    return "–" if share["value"] is None else f"{share['value']:.3f} ({share['low']:.2f}–{share['high']:.2f})"


def _of(share: Mapping[str, Any] | None) -> str:
    if share is None or not share["n"]:
        return "–"
    return f"{round(share['value'] * share['n'])}/{share['n']}"
