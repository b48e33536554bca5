"""Learns what the reader needs from labelled calls. Imported by `ausweis train` alone; needs the extra `train`.

options       what every training is told: labelled calls, model, template, where to write
lines         what probes and matchers are learned from: states of the model for each line, kept on the disk
tasks         the labels of each line, by template
network       the networks of a probe
probe         a probe, learned and calibrated on calls that were left out
matcher       a matcher, which tells whether a line is what a description says
left_out      verdicts on calls of writing passes that the networks have not seen
probe_run     `ausweis train probe`; matcher_run: `ausweis train matcher`
risk, roles   what a calibration of risk comes to; how sure the talk makes it who is the agent
"""
