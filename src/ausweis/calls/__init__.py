"""Calls: from the files that a user names to checked calls, one at a time.

sources.py       PATH arguments → the files to read, in order, with an id for each
folders.py       a folder walked through: what is read of it, what is passed over, and the sentence that tells it
formats.py       which format a file is in: by extension, by content, or as forced
json_format.py   the contract as JSON and JSONL, also wrapped as {"call": …, "gold": …}
webvtt.py        WebVTT with voice tags
srt.py           SubRip
plain.py         plain text with speaker prefixes
csv_format.py    CSV with the columns speaker, text, start, end, call_id
whisper.py       JSON of openai-whisper, faster-whisper, whisperX and whisper.cpp
aws_transcribe.py  JSON of Amazon Transcribe and Contact Lens
speakers.py      speaker labels → agent or caller
checks.py        a raw call → a Call, or an UnreadableCall that says why not, in one clause
opening.py       files are opened and read here: none but regular ones, and not without end
text.py          bytes → text: UTF-8 only, control characters out
times.py         time stamps and numbers → seconds
call.py          the contract: Call, Turn, words with their times; a call before it is checked, or that cannot be read
reading.py       all of it together: read_calls
"""

from ausweis.calls.call import Call, Kind, SpokenWord, Turn, UnreadableCall
from ausweis.calls.folders import PassedOver
from ausweis.calls.formats import FORMATS, Format
from ausweis.calls.reading import read_calls
from ausweis.calls.sources import Source, Sources, find_sources
from ausweis.calls.speakers import Speakers

__all__ = [
    "FORMATS",
    "Call",
    "Format",
    "Kind",
    "PassedOver",
    "Source",
    "Sources",
    "Speakers",
    "SpokenWord",
    "Turn",
    "UnreadableCall",
    "find_sources",
    "read_calls",
]
