"""Recordings to calls: who says what and when, and what is not sure about it.

decode         any audio file → samples, a chunk at a time
speech         where somebody speaks on a channel, put together to what is heard at once
asr_model      speech → words, by faster-whisper; no window is encoded twice
heard          what Whisper writes → words and cuts; the words of two sides → turns in order of time
listening      all channels of a recording, from beginning to end, without echoes of the other side
voice_encoder  what a voice sounds like, as a vector
diarization    the words of a mono recording, parted by voice
roles          which of two speakers is the agent: by words with weights, or else the call is read both ways
sidecar        what a file beside the recording says
transcriber    all of it together: a source → a call
kept           transcripts that were made
hearing        from options to something that listens; the recordings among a user's files, each heard once

For the desk, which plays recordings:
wav            WAV files: their header, and their samples without a library
pcm            any recording as 16-bit samples, from any place
wave_form      how loud a call is from beginning to end, on each side

Nothing is imported here: the libraries of sound are an extra (`ausweis[audio]`).
"""
