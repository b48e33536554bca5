"""Speaks labelled calls with two voices, so that speech recognition is tested on audio whose words are known.

voices         text to speech: what every voice gives, and the Piper voice Joe
system_voices  the voices of Pico and MBROLA
respelling     what the German voices would read wrongly
casting        which two voices speak a call
numerals       numbers in words, German and English
saying         how a written turn is read out: digits, groups, letters
german         German numbers, dates and amounts
english        English numbers, dates and amounts
timing         when each turn starts: pauses, overlaps, back-channels
speaking       a labelled call to a channel for each speaker, and what was said when
telephone      what a telephone does to it: band, noise, hold music
floor          the noise of a call-centre floor
coding         A-law and µ-law
packets        loss of packets, and its concealment
writing        audio files of the usual formats, and the truth beside them
"""

from evals.lab.spoken.casting import cast, check_voices
from evals.lab.spoken.coding import Law, companded
from evals.lab.spoken.packets import dropped
from evals.lab.spoken.saying import words_of
from evals.lab.spoken.speaking import Spoken, SpokenTurn, Truth, speak_call, truth_of
from evals.lab.spoken.telephone import Noise, held, hold_music, noisy, on_the_telephone
from evals.lab.spoken.voices import JoeVoice, Manner, Voice
from evals.lab.spoken.writing import write_audio, write_mono, write_pair, write_stereo, write_truth

__all__ = [
    "JoeVoice",
    "Law",
    "Manner",
    "Noise",
    "Spoken",
    "SpokenTurn",
    "Truth",
    "Voice",
    "cast",
    "check_voices",
    "companded",
    "dropped",
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
