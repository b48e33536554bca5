"""Measures facts and verdicts against the golden set, for any prompt version, model or policy.

labelled          calls with what is true of them
validate          what is wrong with a golden set
findings          what is found in a call, as words that can be compared
case              one labelled call as it was judged
metrics/          the numbers
probes          learns, from labelled turns, to read what the model computed
probe_lines     what it learns from; fact_probe and incident_probe: the labels of each template
probe_network   the networks that are learned for it
left_out          verdicts on calls of writing passes that they have not seen
"""

from ausweis.evals.labelled import GoldEvent, LabelledCall, read_all, read_labelled

__all__ = ["GoldEvent", "LabelledCall", "read_all", "read_labelled"]
