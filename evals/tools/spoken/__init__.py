"""Speaks labelled calls with two voices, so that speech recognition is tested on audio whose words are known.

voices      text to speech: one Piper voice at two pitches
speaking    a labelled call to a channel for each speaker, and what was said when
telephone   what a telephone does to it: band, coding, noise, hold music
writing     audio files of the usual formats, and the truth beside them
"""

from evals.tools.spoken.speaking import Spoken, SpokenTurn, Truth, speak_call, truth_of, words_of
from evals.tools.spoken.telephone import companded, held, hold_music, noisy, on_the_telephone
from evals.tools.spoken.voices import JoeVoice, Voice
from evals.tools.spoken.writing import write_audio, write_mono, write_pair, write_stereo, write_truth

__all__ = [
    "JoeVoice",
    "Spoken",
    "SpokenTurn",
    "Truth",
    "Voice",
    "companded",
    "held",
    "hold_music",
    "noisy",
    "on_the_telephone",
    "speak_call",
    "truth_of",
    "words_of",
    "write_audio",
    "write_mono",
    "write_pair",
    "write_stereo",
    "write_truth",
]
