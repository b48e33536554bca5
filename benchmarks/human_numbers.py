"""How well numbers and dates of real people are heard: `python -m benchmarks.human_numbers`.

Asterisk's prompts are spoken by a woman each, German (Debian: `asterisk-prompt-de`) and English
(`asterisk-core-sounds-en-wav`), over a telephone's band. Digits, pairs and dates are put together from them, with and
without noise, and heard by each model. No model that ships was adapted to them.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click
import numpy as np
from evals.lab.heard import digits_of, says_date, tokens_of
from evals.lab.spoken.telephone import RATE, Noise, noisy
from evals.lab.spoken.voices import Mono, trimmed
from scipy.signal import resample_poly

from ausweis.audio.decode import RATE as HEARD_RATE
from ausweis.audio.decode import Recording
from ausweis.engines.weights import locate_folder
from ausweis.vocabulary import LANGUAGES, Language

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

FOLDERS: dict[Language, tuple[Path, str]] = {
    "de": (Path("/usr/share/asterisk/sounds/de"), ".gsm"),
    "en": (Path("/usr/share/asterisk/sounds/en_US_f_Allison"), ".wav"),
}
LOUDNESS = 0.08
GAP = (0.02, 0.12)
EDGE = 0.3
KINDS = ("digits", "digits", "pairs", "date")
_PAIR = re.compile(r"digits/\d-and digits/\d0|digits/[2-9]0 digits/[1-9]")
"""Two files that are one word: without a gap, where *eighty* and *five* apart are two numbers."""
SNRS: tuple[float | None, ...] = (None, 20.0, 10.0)


@dataclass(frozen=True, slots=True)
class Said:
    """Sound files, one after the other, and what they say: digits, or a date as ISO has it."""

    kind: str
    files: tuple[str, ...]
    value: str

    def heard_in(self, text: str) -> bool:
        """Whether a text holds the value."""
        tokens = tokens_of(text)
        return says_date(tokens, self.value) if self.kind == "date" else digits_of(tokens) == self.value


def drawn(language: Language, chance: random.Random) -> Said:
    """A number or a date."""
    kind = chance.choice(KINDS)
    if kind == "digits":
        digits = [chance.randint(0, 9) for _ in range(chance.randint(5, 8))]
        return Said(kind, tuple(f"digits/{digit}" for digit in digits), "".join(map(str, digits)))
    if kind == "pairs":
        pairs = [(chance.randint(2, 9), chance.randint(1, 9)) for _ in range(3)]
        files = [file for pair in pairs for file in _pair(language, *pair)]
        return Said(kind, tuple(files), "".join(f"{tens}{ones}" for tens, ones in pairs))
    day, month, year = chance.randint(1, 19), chance.randint(1, 12), (chance.randint(2, 9), chance.randint(1, 9))
    files = [f"digits/h-{day}", f"digits/mon-{month - 1}"]
    ordered = files if language == "de" else files[::-1]
    return Said(kind, (*ordered, *_pair(language, *year)), f"19{year[0]}{year[1]}-{month:02d}-{day:02d}")


def _pair(language: Language, tens: int, ones: int) -> list[str]:
    """85: `fünfund` and `achtzig`, `eighty` and `five`."""
    return [f"digits/{ones}-and", f"digits/{tens}0"] if language == "de" else [f"digits/{tens}0", f"digits/{ones}"]


def sound_of(said: Said, language: Language, chance: random.Random) -> Mono:
    """The files, a short gap apart."""
    folder, suffix = FOLDERS[language]
    pieces = [np.zeros(round(EDGE * RATE), np.float32)]
    for file, following in zip(said.files, (*said.files[1:], ""), strict=True):
        samples = np.concatenate(list(Recording.open(folder / f"{file}{suffix}").chunks(60)), axis=1)[0]
        word = trimmed(resample_poly(samples, RATE, HEARD_RATE).astype(np.float32))
        gap = 0.0 if _PAIR.fullmatch(f"{file} {following}") else chance.uniform(*GAP)
        pieces += [word * (LOUDNESS / float(np.sqrt(np.mean(word**2)))), np.zeros(round(gap * RATE), np.float32)]
    return np.concatenate([*pieces, pieces[0]])


def heard(
    model: "WhisperModel", language: Language, snr: float | None, noise: Noise, count: int
) -> Iterator[tuple[Said, str]]:
    """What is written of so many numbers, the same for every model."""
    chance = random.Random(5)
    for number in range(count):
        said = drawn(language, chance)
        line = sound_of(said, language, chance)[None]
        line = noisy(line, snr, noise, number, language) if snr is not None else line
        samples = resample_poly(line[0], HEARD_RATE, RATE).astype(np.float32)
        segments, _ = model.transcribe(samples, language=language, beam_size=5, without_timestamps=True)
        yield said, " ".join(segment.text for segment in segments)


@click.command()
@click.option("--asr-model", "models", multiple=True, default=("whisper-base", "whisper-base-telephone"))
@click.option("--count", type=click.IntRange(min=1), default=40, show_default=True)
@click.option("--noise", type=click.Choice(get_args(Noise)), default="white", show_default=True)
def main(models: tuple[str, ...], count: int, noise: Noise) -> None:
    """How many numbers and dates each model hears right, by language and noise."""
    from faster_whisper import WhisperModel

    click.echo(f"{'model':<26}{'language':<10}{'noise':<10}{'right':>7}  by kind")
    for name in models:
        model = WhisperModel(str(locate_folder(name).path), compute_type="int8")
        for language in LANGUAGES:
            for snr in SNRS:
                found = list(heard(model, language, snr, noise, count))
                right = {kind: [said.heard_in(text) for said, text in found if said.kind == kind] for kind in KINDS}
                kinds = ", ".join(f"{kind} {sum(some)} of {len(some)}" for kind, some in right.items())
                share = sum(map(sum, right.values())) / count
                click.echo(f"{name:<26}{language:<10}{f'{snr:g} dB' if snr else 'none':<10}{share:>7.2f}  {kinds}")


if __name__ == "__main__":
    main()
