"""Adapts Whisper to the telephone: labelled calls are spoken, sent over bad lines, and learned to be written down.

windows    what one side of a call says, in the stretches that the model hears at once, with the text to be written
variation  turns with other values in them
lines      what a telephone line makes of a stretch, each time another one
whisper    the model with an adapter (LoRA), in torch, on the weights of CTranslate2
learning   rounds over the stretches, with checkpoints
"""

from evals.lab.adapting.learning import Course, learn
from evals.lab.adapting.windows import Stretches, scripts_of, speak_stretches, value_scripts

__all__ = ["Course", "Stretches", "learn", "scripts_of", "speak_stretches", "value_scripts"]
