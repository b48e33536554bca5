"""What a speech recogniser makes of calls: learned from spoken ones, and done to written ones.

words          what of two words is alike, whatever their spelling
aligning       which word that was said is which word that was heard
pairs          a spoken call's truth beside its transcript
moving         the label of a written call, for what was heard of it
noise_model    what was counted, as a file
counting       the counts; numbers: those of number words
noising        a labelled call as it would have been heard; noisy_words, noisy_numbers: its words
"""

from evals.lab.noise.counting import learn, lexicon_of
from evals.lab.noise.moving import Moved, as_heard
from evals.lab.noise.noise_model import Noise, NoiseModel
from evals.lab.noise.noising import noised
from evals.lab.noise.pairs import Pair, pair_of, read_pairs

__all__ = [
    "Moved",
    "Noise",
    "NoiseModel",
    "Pair",
    "as_heard",
    "learn",
    "lexicon_of",
    "noised",
    "pair_of",
    "read_pairs",
]
