"""Measures facts and verdicts against the golden set, for any prompt version, model or policy.

validate          what a golden set is made of, and what is wrong with it
case              one labelled call as it was judged: what label and verdict say, in marks that compare
running           what to measure, and the run that does
folder            where a run is written, and all that a finished one holds
looking           one call of a run: what was asked, what the model answered
calibrating       what a reader's probabilities mean, learned from a run
metrics/          the numbers
comparing, gate   two runs, call by call; is one worse than the baseline?
baseline          the run that others are held against
"""
