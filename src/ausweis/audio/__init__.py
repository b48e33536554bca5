"""Recordings to calls: who says what and when, and what is not sure about it.

decode.py        any audio file → samples, a chunk at a time
speech.py        where somebody speaks on a channel, put together to what is heard at once
asr_model.py     speech → words, by faster-whisper
segments.py      what Whisper writes → words in the recording, without what nobody said
heard.py         words and cuts; the words of two sides → turns in order of time, overlaps kept as they were
listening.py     all channels of a recording, from beginning to end
voice_encoder.py  what a voice sounds like, as a vector
two_voices.py    such vectors, parted into two voices
diarization.py   the words of a mono recording, parted by voice
crosstalk.py     what one side's channel carries of the other side
roles.py         which of two speakers is the agent: the call is read both ways
sidecar.py       what a file beside the recording says
transcriber.py   all of it together: a source → a call
kept.py          transcripts that were made
hearing.py       from options to something that listens; the recordings among a user's files, each heard once

Nothing is imported here: the libraries of sound are an extra (`ausweis[audio]`).
"""
