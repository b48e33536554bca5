"""One HTML page of an eval run: no other file, no network, no word of a call that could act.

Words of calls are hostile input. Jinja2 escapes every value, control characters are taken out, and the page's
Content-Security-Policy lets run only the style and the script whose SHA-256 it names: the two files beside this module,
into which no value is ever put.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ausweis.calls.text import clean
from ausweis.evals.metrics.outcomes import NONE
from ausweis.evals.metrics.summary import Slice, Summary, rows_of
from ausweis.reports.eval_calls import call_views
from ausweis.reports.eval_source import EvalSource
from ausweis.reports.plots import calibration, risk_curve

__all__ = ["eval_page"]

SHADES = 4
"""Steps of the heat table."""
MARKS = ("wrong", "right", "no verdict", "facts differ", "flipped", "must pass", "needs review")


def eval_page(source: EvalSource) -> str:
    """The page."""
    style, script = _beside("page.css"), _beside("page.js")
    calls = call_views(source)
    present = {mark for one in calls for mark in one.marks}
    return (
        _environment()
        .get_template("eval_page.html.j2")
        .render(
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            manifest=source.manifest,
            summary=source.summary,
            rows=rows_of(source.summary),
            confusion=_heat(source.summary),
            tags=_by_kind(source.summary.slices),
            curve=risk_curve(source.cases, source.summary),
            calibration=calibration(source.summary),
            calls=calls,
            repeats=max(case.repeat for case in source.cases),
            marks=[mark for mark in MARKS if mark in present],
        )
    )


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: nothing but this style and this script."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _beside(name: str) -> str:
    return (files("ausweis.reports") / "templates" / name).read_text(encoding="utf-8")


@lru_cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("ausweis.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _cleaned(value: object) -> object:
    """Every text that is printed, without control characters and marks that turn the direction of writing."""
    return clean(value) if type(value) is str else value


def _heat(summary: Summary) -> Mapping[str, Sequence[tuple[str, int, int]]]:
    """For each label, verdicts with their count and shade (0: none, up to `SHADES`: all calls of the label)."""
    failed = any(row[NONE] for row in summary.confusion.values())
    found = {}
    for label, row in summary.confusion.items():
        total = sum(row.values())
        cells = [(verdict, count) for verdict, count in row.items() if verdict != NONE or failed]
        found[label] = [(verdict, count, -(-count * SHADES // total) if total else 0) for verdict, count in cells]
    return found


def _by_kind(slices: Sequence[Slice]) -> list[tuple[str, list[Slice]]]:
    """Tags by what stands before their colon."""
    ordered = sorted(slices, key=lambda one: one.tag)
    return [(kind, list(some)) for kind, some in groupby(ordered, key=lambda one: one.tag.partition(":")[0])]
