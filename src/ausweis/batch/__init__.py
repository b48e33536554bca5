"""Scoring many calls: each becomes a row of the store, and a killed process loses the calls that it had in hand.

scoring      calls + runner → the store; one call → one row
config       what a scorer is made of, by name: engine, templates, reader, policy; to be imported by itself
asked        what reading asks about one call with one template
reader       for programs: one call, one verdict; to be imported by itself
ray_runner   many scorers at work, on this machine or a cluster; ray_worker: one of them
rejudging    the facts of calls + another policy → other verdicts, without the model
tally        what a command's calls come to: counts, the worst, what failed

What is given here loads no engine, no reader and no template.
"""

from ausweis.batch.rejudging import Change, Rejudged, rejudge
from ausweis.batch.scoring import Progress, Runner, Scorer, ScoreSummary, local_runner, score
from ausweis.batch.tally import CallLine, Counts, Tally

__all__ = [
    "CallLine",
    "Change",
    "Counts",
    "Progress",
    "Rejudged",
    "Runner",
    "ScoreSummary",
    "Scorer",
    "Tally",
    "local_runner",
    "rejudge",
    "score",
]
