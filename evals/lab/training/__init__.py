"""Learns what the reader needs from labelled calls. Imported by `python -m evals.lab train` alone; needs PyTorch.

options          what every training is told: labelled calls, model, template, where to write
lines            what probes and matchers are learned from: states of the model for each line, kept on the disk
tasks            the labels of each line, by template
folds            which calls are left out together
learning         what all networks share while they learn
network          the networks of a probe
probe            a probe, learned; ngrams: what tells lines by their words, weighed with it
answers          what answers to questions about a call tell, weighed with its lines
calibration      probabilities of scores, by calls that were left out
matcher          what all matchers learn alike: networks that compare, and calls that they have not seen
matcher_data     what a matcher is learned from
matcher_network  its network, learned
weighing         how evidence is weighed, learned
incident_matcher  a matcher of incidents that policies describe; incident_calls: what it is learned from
words            a matcher of a policy's own words; word_calls: what it is learned from
left_out         verdicts on calls of writing passes that the networks have not seen
showing          how well such calls are read and judged
probe_run        `train probe`; answers_run: `train answers`; matcher_run: `train matcher`;
                 words_run: `train words`
roles            the words that tell the agent from the caller
"""
