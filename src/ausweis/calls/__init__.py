"""Calls: from the files that a user names to checked calls, one at a time.

sources         PATH arguments → the files to read, in order, with an id for each
folders         a folder walked through: what is read of it, what is passed over, and the sentence that tells it
formats         which format a file is in: by extension, by content, or as forced; formats that packages add
json_format     the contract as JSON and JSONL, also wrapped as {"call": …, "gold": …}; Whisper; Amazon Transcribe
subtitles       WebVTT with voice tags, SubRip
plain           plain text with speaker prefixes
csv_format      CSV with the columns speaker, text, start, end, call_id
speakers        speaker labels → agent or caller
checks          a raw call → a Call, or an UnreadableCall that says why not, in one clause
text            bytes → text: UTF-8 only, control characters out; time stamps and numbers → seconds
failure         a call without a verdict, and why
call            the contract: Call, Turn, words with their times; a call before it is checked, or that cannot be read
reading         all of it together: read_calls; one call by its file and id
"""

from ausweis.calls.call import Call, Turn, UnreadableCall
from ausweis.calls.folders import PassedOver
from ausweis.calls.formats import FORMATS
from ausweis.calls.reading import find_call, read_calls
from ausweis.calls.sources import Source, Sources, find_sources
from ausweis.calls.speakers import Speakers

__all__ = [
    "FORMATS",
    "Call",
    "PassedOver",
    "Source",
    "Sources",
    "Speakers",
    "Turn",
    "UnreadableCall",
    "find_call",
    "find_sources",
    "read_calls",
]
