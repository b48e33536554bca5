"""Calls in the formats that are read, and damages to their files; for `attacks.py`."""

import json
import random

MARK = "Zwergpinguin"
SAID = f"Hier spricht {MARK}, {MARK}."
TURNS = [{"speaker": who, "start": at, "end": at + 1, "text": SAID} for at, who in enumerate(("agent", "caller"))]
SEGMENTS = [{"offsets": {"from": 1, "to": 2}, "text": f"{who}: {SAID}"} for who in ("AGENT", "KUNDE")]
TIMES = {"BeginOffsetMillis": 1, "EndOffsetMillis": 2}
LENS = [{"Content": SAID, "ParticipantRole": who} | TIMES for who in ("AGENT", "CUSTOMER")]
CALLS = (
    (".json", json.dumps({"language": "de", "turns": TURNS})),
    (".jsonl", (json.dumps({"direction": "inbound", "turns": TURNS}) + "\n") * 2),
    (".vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>{SAID}</v>\n\n00:02.000 --> 00:03.000\nKUNDE: {SAID}\n"),
    (".srt", f"1\n00:00:01,000 --> 00:00:02,000\nAGENT: {SAID}\n\n2\n00:00:02,000 --> 00:00:03,000\nKUNDE: {SAID}\n"),
    (".txt", f"[00:01] AGENT: {SAID}\n[00:02] KUNDE: {SAID}\n und {SAID}\n"),
    (".csv", f'speaker,text,start\nagent,"{SAID}",0\ncaller,"{SAID}",1\n'),
    (".json", json.dumps({"transcription": SEGMENTS})),
    (".json", json.dumps({"LanguageCode": "de-DE", "Transcript": LENS})),
)
NAMES = (
    *("m", "m m", "m'\"", "m[1]*?", "m\n", "m\u202e", "m\u0308", "-m", "m" * 200, "m.wav"),
    *(b"m\xff\xfe", b"m\xed\xa0\x80"),
)
PIECES = tuple(
    piece.encode("utf-8", "surrogatepass")
    for piece in (
        *("\0", "\x1b[2J", "\ud800", "\\ud800", "\ufeff", "\u2028", "\r", "-->", "&#", '"', ",", "}", "NaN", "1e999"),
        *("-1", "٠", "१२:३४", "٠٠:٠٠:٠١,٠٠٠", "9" * 20, "9" * 5000, " " * 20000, "\n" * 20000, "0" * 20000),
        *("[" * 20000, "{" * 20000, '{"a":' * 20000, "<v " * 5000, "(" * 20000, ": " * 5000),
        *(f"{MARK}: ", f"\n{MARK}: ", f'"{MARK}": 1, ', f'{MARK}"', f",{MARK}", f"<v {MARK}>"),
    )
)


def damaged(data: bytes, choose: random.Random) -> bytes:
    """The bytes with up to four damages."""
    for _ in range(choose.choice((1, 1, 2, 4))):
        start, end = sorted(choose.randrange(len(data) + 1) for _ in range(2))
        way = choose.randrange(8)
        if way == 0:
            data = bytes(byte ^ (1 << choose.randrange(8)) if choose.random() < 0.02 else byte for byte in data)
        elif way == 1:
            data = data[:start] + data[end:]
        elif way == 2:
            data = data[:end] + data[start:]
        elif way == 3:
            data = choose.choice((data[:start], b"", data.decode("utf-8", "replace").encode("utf-16")))
        else:
            data = data[:start] + choose.choice(PIECES) + data[min(end, start + choose.randrange(9)) :]
    return data
