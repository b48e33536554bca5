"""Speak the German example recordings: `python -m evals.lab.speak_examples examples/recordings-de`.

Writes `ID.ogg` (Opus, 8 kHz, the agent left and the caller right) and the file beside it, for each call of
`examples.jsonl`. Both speakers are Pico's voice at two pitches: what it says may be passed on, whereas MBROLA's voices
are not for everybody's use.
"""

from pathlib import Path
from zlib import crc32

import click
from evals.lab.spoken.speaking import speak_call
from evals.lab.spoken.telephone import on_the_telephone
from evals.lab.spoken.voices import Manner, PicoVoice, Voice
from evals.lab.spoken.writing import write_stereo

from ausweis.labelled import read_all
from ausweis.vocabulary import Speaker

EXAMPLES = Path(__file__).with_name("examples.jsonl")
PITCHES: tuple[dict[Speaker, float], ...] = ({"agent": 1.0, "caller": 0.8}, {"agent": 0.8, "caller": 1.0})
"""Of the calls in turn: the agent of one is a woman, that of the next a man."""
SPEED = 0.95
BESIDE = '{"language": "de", "channels": ["agent", "caller"]}\n'


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def speak(folder: Path) -> None:
    """Speak the examples into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, labelled in enumerate(read_all([EXAMPLES])):
        name, pitches = labelled.call.id, PITCHES[number % len(PITCHES)]
        voices: dict[Speaker, Voice] = {
            speaker: PicoVoice("de-DE", Manner(SPEED, pitch)) for speaker, pitch in pitches.items()
        }
        seed = crc32(name.encode())
        spoken = on_the_telephone(speak_call(labelled, voices, seed), law="alaw")
        write_stereo(spoken, folder / f"{name}.ogg")
        (folder / f"{name}.json").write_text(BESIDE, encoding="utf-8")
        click.echo(f"{name} {spoken.seconds:.1f} s")


if __name__ == "__main__":
    speak()
