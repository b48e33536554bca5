"""Speaks labelled calls with two voices, so that speech recognition is tested on audio whose words are known.

voices     text to speech, and which two voices speak a call
numbers    how a written turn is read out: digits, groups, letters, dates, amounts, in German and English
speaking   a labelled call to a channel for each speaker, and what was said when
telephone  what a telephone does to it: band and noise
writing    audio files of the usual formats, and the truth beside them
"""
