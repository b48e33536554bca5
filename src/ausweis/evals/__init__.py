"""Measures facts and verdicts against labelled calls, and learns readouts from them.

labelled   calls with what is true of them
agreement  verdicts of a run against the labels
readouts   learns, from labelled turns, to read what the model computed
"""

from ausweis.evals.agreement import Agreement, agreement
from ausweis.evals.labelled import GoldEvent, LabelledCall, read_labelled

__all__ = ["Agreement", "GoldEvent", "LabelledCall", "agreement", "read_labelled"]
