"""A run over many calls: one folder, written line by line, that a killed process loses nothing of.

scoring      calls + runner → a run
runners      a scorer at work on this machine
ray_runner   many scorers at work, on this machine or a cluster
ray_worker   one of them
ray_session  Ray while a run needs it
sink         the door by which calls go out, with facts and verdict: to the folder, or a store
scorer       one call → one row: verdict or failure
recipe       what a scorer is made of, by name
rejudging    the facts of a run + another policy → a new run, without the model
related      where such a run is, noted in the one that it was judged from, and the other way round
run_folder   the folder: created or resumed, locked, appended to
state        what a folder holds already
manifest     `run.json`: what the run was made of, and its counts
failure      a line of `failures.jsonl`
canonical    facts and verdicts as bytes: the same input gives the same ones
worst        the calls to look at first
setup        engine and templates from what a user names
stopping     Ctrl-C and SIGTERM
"""

from ausweis.batch.canonical import comparable
from ausweis.batch.failure import Failure
from ausweis.batch.manifest import Counts, Inputs, RunManifest
from ausweis.batch.recipe import Recipe
from ausweis.batch.rejudging import Change, Rejudged, rejudge
from ausweis.batch.run_folder import RunFolder
from ausweis.batch.runners import Runner, local_runner
from ausweis.batch.scorer import Scored, Scorer, Task
from ausweis.batch.scoring import Progress, Summary, score
from ausweis.batch.sink import Sink
from ausweis.batch.worst import Row, worst

__all__ = [
    "Change",
    "Counts",
    "Failure",
    "Inputs",
    "Progress",
    "Recipe",
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
