"""Recordings to calls: who says what and when, and what is not sure about it.

decode         any audio file → samples, a chunk at a time
speech         where somebody speaks on a channel, put together to what is heard at once
asr_model      speech → words, by faster-whisper
encoded        windows of speech that were encoded lately, so that none is encoded twice
segments       what Whisper writes → words in the recording, without what nobody said
numerals       digits that were said one by one, as people write them
heard          words and cuts; the words of two sides → turns in order of time, overlaps kept as they were
listening      all channels of a recording, from beginning to end
voice_encoder  what a voice sounds like, as a vector
two_voices     such vectors, parted into two voices
diarization    the words of a mono recording, parted by voice
crosstalk      what one side's channel carries of the other side
roles          which of two speakers is the agent: by role_words, or else the call is read both ways
role_words     words that tell the agent from the caller, with their weights
sidecar        what a file beside the recording says
transcriber    all of it together: a source → a call
kept           transcripts that were made
hearing        from options to something that listens; the recordings among a user's files, each heard once

For the desk, which plays recordings:
wav            the header of a WAV file
pcm            any recording as 16-bit samples, from any place: plain_pcm without a library, decoded_pcm with one
wave_form      how loud a call is from beginning to end, on each side

Nothing is imported here: the libraries of sound are an extra (`ausweis[audio]`).
"""
