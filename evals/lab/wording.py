"""`python -m evals.lab wording`: the examples of a zero-shot template, chosen over labelled calls by DSPy.

DSPy (Khattab et al. 2023, arXiv 2310.03714) draws sets of examples and keeps the best one by its random search; what
it optimises is our template, asked by our engine. The instructions stay: a model that writes better ones is needed to
search them. A third of the calls, by whole writing passes, gives examples, one chooses, one measures.
"""

# mypy: disable-error-code="import-not-found,misc,no-any-return"

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import click

from ausweis.calls import Call
from ausweis.cli.options import FILE
from ausweis.engines.protocol import Engine
from ausweis.errors import InputError
from ausweis.journal import replace_file
from ausweis.labelled import LabelledCall, read_all
from ausweis.prompts import Example, Template, default_library, lint_file
from ausweis.reading.chunks import SpokenLine, line_question, spoken_chunks, with_context
from ausweis.reading.questions import meaning
from ausweis.reading.strategies import TURN_TEMPLATES

EACH = 4
"""Lines that examples are drawn from, of each label: most lines do nothing."""


@click.command(
    epilog="\b\nExample:\n  python -m evals.lab wording agent-turn --calls train.jsonl --out prompts/agent-turn/2.md"
)
@click.argument("template")
@click.option("--calls", "files", multiple=True, required=True, type=FILE, metavar="LABELLED", help="Repeatable.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--model", metavar="ID|PATH", help="Default: the default model.")
@click.option("--limit", type=click.IntRange(min=3), metavar="N", help="Only so many calls, drawn by chance.")
@click.option("--candidates", type=click.IntRange(min=3), default=10, show_default=True, help="Sets that are tried.")
@click.option("--examples", type=click.IntRange(min=1), default=24, show_default=True, help="The most of a set.")
def wording(
    template: str,
    files: Sequence[Path],
    out: Path,
    model: str | None,
    limit: int | None,
    candidates: int,
    examples: int,
) -> None:
    """Choose the examples of TEMPLATE, agent-turn or caller-turn, so that labels of lines are right, and draft it.

    The draft is the next version, in FILE; measure it: ausweis eval run --strategy turnwise --prompt FILE.
    """
    if find_spec("dspy") is None:
        raise InputError("the search is DSPy's: pip install --group wording")
    from ausweis.engines.llama import LlamaEngine
    from ausweis.engines.weights import catalogue

    asked = default_library().get(template)
    if asked.id not in TURN_TEMPLATES.values():
        raise InputError(f"{asked.name} asks about no line: take {' or '.join(TURN_TEMPLATES.values())}")
    calls = read_all(files)
    parts = thirds(random.Random(1).sample(calls, min(limit or len(calls), len(calls))))  # noqa: S311
    engine = LlamaEngine.load(model or catalogue.default_id())
    found, before, after = searched(asked, parts, engine, candidates, examples)
    draft(found, out)
    click.echo(
        f"{out}: {len(found.examples)} examples; of {len(list(lines_of(asked, parts[2])))} lines left out right:"
    )
    click.echo(f"{before:.3f} with the {len(asked.examples)} of {asked.name}, {after:.3f} with these")


def thirds(calls: Sequence[LabelledCall]) -> tuple[list[LabelledCall], ...]:
    """The calls to draw examples from, to choose by, and to measure on; a writing pass is in one of them alone."""
    passes = list(dict.fromkeys(one.gold.writing_pass or one.call.id for one in calls))
    place = {name: number % 3 for number, name in enumerate(passes)}
    parts = tuple([one for one in calls if place[one.gold.writing_pass or one.call.id] == part] for part in range(3))
    if not all(parts):
        raise InputError("the calls must come from three writing passes, or have none")
    return parts


class Line(NamedTuple):
    """A line with those before it, and the labels that are right."""

    call: Call
    lines: list[SpokenLine]
    right: frozenset[str]


def lines_of(template: Template, calls: Iterable[LabelledCall]) -> Iterator[Line]:
    """The lines that the template asks about."""
    from evals.lab.training.calls import labels_of

    nothing = frozenset(label for label in template.labels if meaning(label) is None)
    for labelled in calls:
        chunks = spoken_chunks(labelled.call)
        turns = Counter(chunk.turn for chunk in chunks)
        for chunk, lines in with_context(chunks):
            labels = labels_of(labelled.gold.events, chunk.turn)
            right = frozenset(template.labels) & labels if labels else nothing
            if labels is not None and right and turns[chunk.turn] == 1 and TURN_TEMPLATES[chunk.speaker] == template.id:
                yield Line(labelled.call, lines, right)


def label_of(template: Template, line: Line) -> str:
    """What an example says of a line: of several labels the first one of the template."""
    return min(line.right, key=template.labels.index)


def searched(
    template: Template, parts: Sequence[Sequence[LabelledCall]], engine: Engine, candidates: int, most: int
) -> tuple[Template, float, float]:
    """The template with the best examples; which share of the lines left out is right with its own, with these."""
    import dspy

    told: dict[str, dict[str, str]] = {}

    class Asked(dspy.Predict):
        """Our template with `demos` as its examples, asked by our engine."""

        def forward(self, **line: Any) -> Any:
            chosen = with_examples(template, self.demos)
            # Lines that all sets are tried on are asked together: what comes before them is read once.
            together = next((part for part in (choices, left_out) if line["line"] in part), [line["line"]])
            known = told.setdefault(f"{chosen.examples} {together}", {})
            if not known:
                asked = [line_question(chosen, one.call, one.lines) for one in together]
                known |= {str(one): done.text for one, done in zip(together, engine.complete(asked), strict=True)}
            label = dspy.Prediction(label=known[str(line["line"])])
            if dspy.settings.trace is not None:
                dspy.settings.trace.append((self, line, label))
            return label

    class Program(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.asked = Asked("line -> label")

        def forward(self, **line: Any) -> Any:
            return self.asked(**line)

    def examples(lines: Iterable[Line]) -> list[Any]:
        return [dspy.Example(line=line, label=label_of(template, line)).with_inputs("line") for line in lines]

    def is_right(example: Any, told: Any, trace: Any = None) -> bool:
        return told.label in example.line.right

    draws, choices, left_out = (list(lines_of(template, calls)) for calls in parts)
    random.Random(1).shuffle(draws)  # noqa: S311
    seen: dict[str, list[Line]] = {}
    for line in draws:
        seen.setdefault(label_of(template, line), []).append(line)
    few = [line for lines in seen.values() for line in lines[:EACH]]
    search = dspy.BootstrapFewShotWithRandomSearch(
        metric=is_right,
        max_bootstrapped_demos=min(2, most),
        max_labeled_demos=most,
        num_candidate_programs=candidates - 3,
        num_threads=1,
        max_errors=0,
    )
    best = search.compile(Program(), trainset=examples(few), valset=examples(choices))
    measure = dspy.Evaluate(devset=examples(left_out), metric=is_right, num_threads=1, max_errors=0)
    before, after = (measure(program).score / 100 for program in (Program(), best))
    return with_examples(template, best.asked.demos), before, after


def with_examples(template: Template, demos: Sequence[Mapping[str, Any]]) -> Template:
    """The template with these lines as its examples; with its own, if there are none."""
    examples = tuple(
        Example(inputs={"lines": [line._asdict() for line in demo["line"].lines]}, output=demo["label"])
        for demo in demos
    )
    return Template(**{**dict(template), "examples": examples}) if examples else template


def draft(template: Template, out: Path) -> None:
    """Write the template with its examples as the next version, and check the file.

    Raises:
        InputError: it does not pass the checks.
        RunError: it cannot be written.
    """
    from ruamel.yaml import YAML

    _, front, body = template.path.read_text(encoding="utf-8").split("---\n", 2)
    yaml = YAML()
    yaml.width = 4096
    content, text = yaml.load(front), StringIO()
    content["version"] = int(out.stem) if out.stem.isdigit() else template.version + 1
    content["examples"] = [{"inputs": example.inputs, "output": example.output} for example in template.examples]
    yaml.dump(content, text)
    out.parent.mkdir(parents=True, exist_ok=True)
    replace_file(out, f"---\n{text.getvalue()}---\n{body}")
    if problems := lint_file(out):
        raise InputError(problems[0].message, place=problems[0].place)
