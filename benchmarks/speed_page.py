"""What `engine_speed.py` measured, as a page: a table in Markdown, and a plot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from ausweis.engines.protocol import Result

PAGE = "engine-speed.md"
PLOT = "engine-speed.svg"
COMMAND = "python benchmarks/engine_speed.py --docs docs"


@dataclass
class Measured:
    """One way: turns and seconds of each call that it answered the questions of, and the results."""

    name: str
    turns: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    results: list[list[Result]] = field(default_factory=list)

    def add(self, turns: int, seconds: float, results: list[Result]) -> None:
        """One call more."""
        self.turns.append(turns)
        self.seconds.append(seconds)
        self.results.append(results)

    @property
    def a_turn(self) -> list[float]:
        """Seconds a turn, of each call: ways that answered fewer calls can be compared by it."""
        return [seconds / turns for seconds, turns in zip(self.seconds, self.turns, strict=True)]


@dataclass(frozen=True)
class Limit:
    """Tokens of each call when each is evaluated once, and how many a second llama-bench evaluates."""

    tokens: list[int]
    rate: float

    def share(self, measured: Measured) -> float:
        """How much of the limit a way reaches, over all calls."""
        return sum(self.tokens) / self.rate / sum(measured.seconds)


def write_page(measured: Sequence[Measured], limit: Limit, about: str, folder: Path | None) -> str:
    """The page, written to the folder with its plot."""
    base = median(measured[0].a_turn)
    turns = measured[-1].turns
    lines = [
        "# How fast questions are answered",
        "",
        f"{about}. {len(turns)} calls of {min(turns)} to {max(turns)} turns, each way on one call, then on the next:",
        "",
        f"    {COMMAND}",
        "",
        "| way | calls | seconds a turn: median (least to most) | calls an hour | unique tokens/s | times as fast |",
        "|---|---|---|---|---|---|",
    ]
    mean_turns = sum(turns) / len(turns)
    for one in measured:
        middle = median(one.a_turn)
        tokens = sum(limit.tokens[: len(one.seconds)]) / sum(one.seconds)
        lines.append(
            f"| {one.name} | {len(one.seconds)} | {middle:.3f} ({min(one.a_turn):.3f} to {max(one.a_turn):.3f}) "
            f"| {3600 / (middle * mean_turns):.0f} | {tokens:.0f} | {base / middle:.1f} |"
        )
    best = measured[-1]
    lines += [
        "",
        f"Unique tokens: those that must be evaluated for the row *{best.name}*, each once, instructions and examples "
        f"left out: {sum(limit.tokens) / len(turns):.0f} a call.",
        "",
        f"The limit: llama-bench evaluates {limit.rate:.0f} tokens a second, which would be "
        f"{sum(limit.tokens) / limit.rate / sum(turns):.3f} seconds a turn. *{best.name}* reaches "
        f"{100 * limit.share(best):.0f} % of that speed.",
    ]
    if folder is not None:
        lines += ["", f"![Seconds a turn of each way]({PLOT})"]
        _plot(measured, limit, folder / PLOT)
    page = "\n".join(lines) + "\n"
    if folder is not None:
        (folder / PAGE).write_text(page, encoding="utf-8")
    return page


def _plot(measured: Sequence[Measured], limit: Limit, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    # The same numbers give the same file.
    mpl.rcParams["svg.hashsalt"] = "ausweis"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 0.55 * len(measured) + 1.2), layout="constrained")
    names = [one.name for one in measured]
    axes.barh(names, [median(one.a_turn) for one in measured], color="#7a9cc6")
    for one in measured:
        axes.plot(one.a_turn, [one.name] * len(one.a_turn), "o", color="#1d3557", markersize=3)
    best = sum(limit.tokens) / limit.rate / sum(measured[-1].turns)
    axes.axvline(best, color="#c1121f", linewidth=1, label="limit by llama-bench")
    axes.set_xscale("log")
    axes.set_xlabel("seconds a turn (bar: median, points: calls)")
    axes.invert_yaxis()
    axes.legend(loc="lower right")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
