"""Measures facts and verdicts against the golden set, for any prompt version, model or policy.

labelled          calls with what is true of them; incident_label: what is known of critical incidents
validate          what a golden set is made of, and what is wrong with it
wanted, running   what to measure, and the run that does; folder: where it is written
source            all that a finished run holds
calibrating       what a reader's probabilities mean, learned from a run
case              one labelled call as it was judged; conclusion: what label and verdict say, in words that compare
metrics/          the numbers
comparing, gate   two runs, call by call; is one worse than the baseline?
baseline          the run that others are held against
"""

from ausweis.evals.labelled import GoldEvent, LabelledCall, read_all, read_labelled

__all__ = ["GoldEvent", "LabelledCall", "read_all", "read_labelled"]
