"""A run over many calls: one folder, written line by line, that a killed process loses nothing of.

scoring      calls + runner → a run, to its folder and, through one door, a store; one call → one row
config       what a scorer is made of, by name: engine, templates, reader, policy; to be imported by itself
ray_runner   many scorers at work, on this machine or a cluster; ray_worker: one of them
rejudging    the facts of a run + another policy → a new run, without the model
related      where such a run is, noted in the one that it was judged from, and the other way round
run_folder   the folder: created or resumed, locked, appended to
state        its lines, and what a folder holds already
manifest     `run.json`: what the run was made of, and its counts
failure      a line of `failures.jsonl`
worst        the calls to look at first

What is given here loads no engine, no reader and no template.
"""

from ausweis.batch.failure import Failure
from ausweis.batch.manifest import Counts, Inputs, RunManifest
from ausweis.batch.rejudging import Change, Rejudged, rejudge
from ausweis.batch.run_folder import RunFolder
from ausweis.batch.scoring import Progress, Runner, Scored, Scorer, Sink, Summary, Task, local_runner, score
from ausweis.batch.state import comparable
from ausweis.batch.worst import Row, worst

__all__ = [
    "Change",
    "Counts",
    "Failure",
    "Inputs",
    "Progress",
    "Rejudged",
    "Row",
    "RunFolder",
    "RunManifest",
    "Runner",
    "Scored",
    "Scorer",
    "Sink",
    "Summary",
    "Task",
    "comparable",
    "local_runner",
    "rejudge",
    "score",
    "worst",
]
