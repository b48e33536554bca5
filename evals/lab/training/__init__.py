"""Learns what the reader needs from labelled calls. Imported by `python -m evals.lab train` alone; needs PyTorch.

options    what a training is told, and where what it learns is kept
calls      labelled calls, the labels of their lines, and the states of the model for each line
networks   what learns, in PyTorch; matching: what compares lines with descriptions
probe      `train probe`; ngrams: what tells lines by their words, weighed with it
answers    `train answers`; incidents: `train matcher`; words: `train words`; roles: `train roles`
steps      `train all`: the table steps.yaml
showing    how well calls are read and judged that were left out
"""
