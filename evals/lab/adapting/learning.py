"""Learning an adapter: each stretch over another line each round, batches, a falling rate, checkpoints."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from evals.lab.adapter_file import load_adapter
from evals.lab.adapting.lines import over_a_line
from evals.lab.adapting.whisper import AdaptedWhisper
from evals.lab.adapting.windows import RATE, Stretches
from torch import Tensor
from torch.nn import functional

from ausweis.vocabulary import Language

__all__ = ["Course", "learn"]

WARM_UP = 20
"""Steps in which the rate rises, or a fifth of them all."""
SMOOTHING = 0.05
HINTED = 0.5
"""How many stretches are read with some hot words ahead of them, as the product gives them."""
LONGEST_TEXT = 200
MOST_SAMPLES = 30 * RATE
IGNORED = -100
HOT_WORDS = (
    *("PIN", "Kundenkennwort", "Kundennummer", "Geburtsdatum", "Zählernummer", "IBAN", "Anschrift", "TAN"),
    *("Vollmacht", "Rufnummer", "Vertragsnummer", "Sicherheitsfrage"),
)


@dataclass(frozen=True, slots=True)
class Course:
    """`rounds`: how often each stretch is read. `rate`: of learning, at its highest.

    So many stretches are read at once as a `batch`, and so many batches make a step `together`.
    """

    rounds: float = 1.0
    rate: float = 5e-4
    seed: int = 0
    batch: int = 6
    together: int = 2


class _Read(NamedTuple):
    """A mel spectrum (80, 3000), tokens, and how many of them are given."""

    mel: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    tokens: list[int]
    given: int


class _Reader:
    """Makes a stretch into what the model is shown."""

    def __init__(self, folder: Path, stretches: Stretches) -> None:
        from faster_whisper import WhisperModel

        model = WhisperModel(str(folder), compute_type="int8")
        self._tokenizer, self._features = model.hf_tokenizer, model.feature_extractor
        self._stretches = stretches

    @property
    def end(self) -> int:
        return self._token("<|endoftext|>")

    def read(self, place: int, seed: int) -> _Read:
        chance = np.random.default_rng(seed)
        samples, language, text = self._stretches[place]
        heard = over_a_line(samples, lambda: self._stretches[int(chance.integers(len(self._stretches)))][0], chance)
        heard = heard[:MOST_SAMPLES]
        mel = self._features(np.pad(heard, (0, MOST_SAMPLES - len(heard))))[:, :3000]
        given = [*self._hint(chance), *self._start(language)]
        return _Read(mel, [*given, *self._text(f" {text}")[:LONGEST_TEXT], self.end], len(given))

    def _hint(self, chance: np.random.Generator) -> list[int]:
        if chance.random() >= HINTED:
            return []
        words = chance.choice(HOT_WORDS, int(chance.integers(4, len(HOT_WORDS))), replace=False)
        return [self._token("<|startofprev|>"), *self._text(f" {', '.join(words)}.")]

    def _start(self, language: Language) -> list[int]:
        names = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>")
        return [self._token(name) for name in names]

    def _text(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _token(self, name: str) -> int:
        return int(self._tokenizer.token_to_id(name))


def learn(
    folder: Path,
    stretches: Stretches,
    course: Course,
    checkpoint: Path,
    told: Callable[[int, int, float, float], None],
    earlier: Path | None = None,
) -> AdaptedWhisper:
    """Adapt the model in a folder. `told`: steps done, steps in all, loss a token, seconds. `earlier`: an adapter.

    The checkpoint is written every 25 steps; where there is one, learning begins from its numbers, and else from
    those of the earlier adapter.
    """
    torch.manual_seed(course.seed)
    model, reader = AdaptedWhisper(folder / "model.bin"), _Reader(folder, stretches)
    if checkpoint.is_file():
        model.load_state_dict(torch.load(checkpoint, weights_only=True), strict=False)
    elif earlier:
        model.take(load_adapter(earlier))
    learned = [part for part in model.parameters() if part.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=course.rate, weight_decay=0.01)
    steps = max(1, round(course.rounds * len(stretches) / (course.batch * course.together)))
    losses: list[float] = []
    begun = time.monotonic()
    for number, batch in enumerate(_batches(reader, len(stretches), steps, course)):
        loss = _loss(model, batch, reader.end)
        (loss / course.together).backward()  # type: ignore[no-untyped-call]
        losses.append(float(loss.detach()))
        if (number + 1) % course.together:
            continue
        step = number // course.together
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        for group in optimiser.param_groups:
            group["lr"] = course.rate * _share_of_rate(step, steps)
        optimiser.step()
        optimiser.zero_grad()
        if step % 25 == 24 or step == steps - 1:
            kept = {name: part for name, part in model.state_dict().items() if name.endswith((".up", ".down"))}
            torch.save(kept, checkpoint)
            told(step + 1, steps, float(np.mean(losses[-25 * course.together :])), time.monotonic() - begun)
    return model


def _batches(reader: _Reader, count: int, steps: int, course: Course) -> Iterator[list[_Read]]:
    """The next batch is made ready while one is learned from."""
    batches, size = steps * course.together, course.batch
    chance = np.random.default_rng(course.seed)
    order = np.concatenate([chance.permutation(count) for _ in range(batches * size // count + 1)])

    def made(number: int) -> list[_Read]:
        places = range(number * size, (number + 1) * size)
        return [reader.read(int(order[at]), course.seed * 1_000_003 + at) for at in places]

    with ThreadPoolExecutor(1) as threads:
        ahead = threads.submit(made, 0)
        for number in range(batches):
            batch = ahead.result()
            if number < batches - 1:
                ahead = threads.submit(made, number + 1)
            yield batch


def _loss(model: AdaptedWhisper, batch: list[_Read], end: int) -> Tensor:
    longest = max(len(one.tokens) for one in batch)
    tokens = torch.full((len(batch), longest), end)
    wanted = torch.full((len(batch), longest), IGNORED)
    for row, one in enumerate(batch):
        tokens[row, : len(one.tokens)] = torch.tensor(one.tokens)
        wanted[row, one.given : len(one.tokens)] = torch.tensor(one.tokens[one.given :])
    logits = model(torch.from_numpy(np.stack([one.mel for one in batch])), tokens[:, :-1])
    return functional.cross_entropy(
        logits.float().flatten(0, 1), wanted[:, 1:].flatten(), ignore_index=IGNORED, label_smoothing=SMOOTHING
    )


def _share_of_rate(step: int, steps: int) -> float:
    """Rises for some steps, then falls along a cosine to a twentieth."""
    falling = 0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * step / steps))
    return float(min(1.0, (step + 1) / min(WARM_UP, max(1, steps / 5))) * falling)
