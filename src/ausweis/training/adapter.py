"""Learns an adapter of the model together with the networks that read it: all go down the slope of one loss.

The networks are those of a probe, over the states that the adapted model has; the directions of their basis are those
of the model as it is. They begin with nothing, or with what a probe of that model has learned. After each round, calls
that were left out tell whether it got better; the best round is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ausweis.engines.probe import LineFeatures, Probe, features
from ausweis.errors import InputError
from ausweis.journal import replace_file
from ausweis.training.adapted_model import AdaptedModel
from ausweis.training.adapter_calls import AdapterCalls, KeptCall, rounds_of
from ausweis.training.learning import Optimiser, arrays_of, chance_of, network_from, sums_by
from ausweis.training.lines import sampled
from ausweis.training.network import (
    Basis,
    Batch,
    CallNumbers,
    Plan,
    basis_of,
    beginning,
    groups_of,
    loss_of,
    network_scores,
)
from ausweis.training.probe import NETWORKS, basis_from, between, calibrated, network_of

__all__ = ["AdapterLearner", "AdapterPlan", "features_of"]

Array = NDArray[np.float32]


@dataclass(frozen=True)
class AdapterPlan:
    """How much is learned, and how long. `layers`: how many below the last one that is read, itself included.

    `rate` is of the adapter; `tokens`: of the calls that are learned at once; `patience`: rounds that may be no better.
    """

    layers: int = 4
    rank: int = 16
    rounds: int = 3
    rate: float = 2e-4
    tokens: int = 2000
    patience: int = 2
    network: Plan = field(default_factory=Plan)


def features_of(states: Tensor, lengths: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
    """As `engines.probe.features`, for many lines: of tokens (t, f), the line of each, and of lines (n, g)."""
    sizes = torch.tensor(lengths, device=states.device)
    owner = torch.repeat_interleave(torch.arange(len(lengths), device=states.device), sizes)
    means = sums_by(owner, states, len(lengths)) / sizes[:, None, None]
    lines = torch.stack([states[sizes.cumsum(0) - 1], means], dim=1)
    return _unit(states).flatten(1), owner, _unit(lines).flatten(1)


def _unit(states: Tensor) -> Tensor:
    unit: Tensor = states / states.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    return unit


class AdapterLearner:
    """A training under way. `losses`: of each step so far, as a mean over its lines; `left_out`: after each round."""

    def __init__(
        self,
        model: AdaptedModel,
        calls: AdapterCalls,
        plan: AdapterPlan,
        kept: Path | None = None,
        start: Probe | None = None,
    ) -> None:
        """Goes on from what is `kept` there, if there is something; else the networks begin as those of `start`.

        Raises:
            InputError: what is kept there is broken.
        """
        self._model, self._calls, self._plan = model, calls, plan
        self._rounds = rounds_of(calls.learned, plan.rounds, plan.tokens)
        self._chance = chance_of(0, model.device)
        self._round = self._step = self._worse = 0
        self._best: dict[str, Any] = {}
        self.losses: list[float] = []
        self.left_out: list[float] = []
        state = None if kept is None or not kept.is_file() else _read(kept)
        self.basis = basis_from(start) if start else Basis(**state["basis"]) if state else self._basis()
        self._directions = {name: torch.tensor(part, device=model.device) for name, part in vars(self.basis).items()}
        self._networks = [network_from(parts, model.device) for parts in self._beginnings(start)]
        adapter = {"params": list(model.parts.values()), "lr": plan.rate, "weight_decay": 0.0}
        groups = [group for network in self._networks for group in groups_of(network, plan.network)]
        self._optimiser = Optimiser([adapter, *groups], self.steps)
        if state:
            self._go_on(state)

    @property
    def steps(self) -> int:
        """How many there are if it does not stop early."""
        return sum(map(len, self._rounds))

    def learn(self, on_step: Callable[[], None] = lambda: None, on_round: Callable[[], None] = lambda: None) -> None:
        """Go on to the end, then take the best round.

        Raises:
            InputError: it learned nothing, since its steps were too large.
        """
        while self._round < len(self._rounds) and self._worse < self._plan.patience:
            for places in self._rounds[self._round][self._step :]:
                batch = self._batch([self._calls.learned[place] for place in places])
                dropout = self._plan.network.dropout
                told = [network_scores(network, batch, dropout, self._chance) for network in self._networks]
                loss = torch.stack([loss_of(scores, batch) for scores in told]).mean()
                self._optimiser.step(loss)
                self.losses.append(float(loss.detach()))
                self._step += 1
                on_step()
            self._end_round()
            on_round()
        if not self._best:
            raise InputError("the learning came to no numbers: learn at a smaller --rate")
        self._take(self._best)

    def scores(self) -> list[Array]:
        """The log-odds of each line and label, for each call that was left out: a mean over the networks."""
        with torch.no_grad():
            return [self._mean_scores(self._batch([call])).cpu().numpy() for call in self._calls.left_out]

    def _mean_scores(self, batch: Batch) -> Tensor:
        return torch.stack([network_scores(network, batch) for network in self._networks]).mean(dim=0)

    def parts(self) -> tuple[dict[str, Array], list[dict[str, Array]]]:
        """Of the adapter, and of each network."""
        return arrays_of(self._model.parts), [arrays_of(network) for network in self._networks]

    def finish(self, calibration: tuple[Array, Array], start: Probe | None = None, share: float = 1.0) -> None:
        """Calibrate the networks, and go all the way or a share of it: the adapter, and the networks from `start` on.

        As `training.probe.Start`, of which an adapter that changes nothing is the other end.
        """
        labels = self._calls.labels
        with torch.no_grad():
            for name, part in self._model.parts.items():
                if ".lora_B." in name:
                    part *= share
        ends = [calibrated(arrays_of(network), calibration) for network in self._networks]
        if start is not None:
            begins = self._beginnings(start)
            ends = [between(begin, end, share, labels, start.labels) for begin, end in zip(begins, ends, strict=True)]
        self._networks = [network_from(end, self._model.device) for end in ends]

    def keep(self, path: Path) -> None:
        """Write all that is needed to go on, at once or not at all.

        Raises:
            RunError: it cannot be written.
        """
        state = {
            "basis": {name: torch.from_numpy(part) for name, part in vars(self.basis).items()},
            "optimiser": self._optimiser.state(),
            "chance": self._chance.get_state(),
            "place": [self._round, self._step, self._worse],
            "losses": self.losses,
            "left_out": self.left_out,
            "best": self._best,
        }
        content = BytesIO()
        torch.save(state, content)
        replace_file(path, content.getvalue())

    def _go_on(self, state: Mapping[str, Any]) -> None:
        self._optimiser.go_on(state["optimiser"])
        self._chance.set_state(state["chance"])
        self._round, self._step, self._worse = state["place"]
        self.losses, self.left_out, self._best = state["losses"], state["left_out"], state["best"]

    def _end_round(self) -> None:
        self.left_out.append(self._left_out_loss())
        self._worse += 1
        if self.left_out[-1] <= min(self.left_out):
            self._worse = 0
            self._best = {"adapter": _copies(self._model.parts), "networks": [*map(_copies, self._networks)]}
        self._round, self._step = self._round + 1, 0

    def _left_out_loss(self) -> float:
        """The mean over the lines of calls that were left out."""
        total, lines = 0.0, 0.0
        for call, scores in zip(self._calls.left_out, self.scores(), strict=True):
            told, truth = torch.from_numpy(scores), torch.from_numpy(call.labels)
            each = torch.nn.functional.softplus(told) - truth * told
            total += float((torch.from_numpy(call.counts) * each).sum())
            lines += float(call.counts.max(axis=1).sum())
        return total / max(lines, 1.0)

    def _take(self, best: Mapping[str, Any]) -> None:
        with torch.no_grad():
            pairs = zip(self._networks, best["networks"], strict=True)
            for parts, kept in ((self._model.parts, best["adapter"]), *pairs):
                for name, part in parts.items():
                    part.copy_(kept[name])

    def _basis(self) -> Basis:
        """From states of the model as it is: an adapter that has learned nothing changes nothing."""
        places = [self._model.kept.index(layer) for layer in self._model.read]
        lines: list[LineFeatures] = []
        for call in sampled(self._calls.learned):
            states = call.states()[:, places].astype(np.float32)
            lines += map(features, np.split(states, np.cumsum(call.lengths)[:-1]))
        return basis_of(lines, self._plan.network)

    def _beginnings(self, start: Probe | None) -> list[dict[str, Array]]:
        if start is not None:
            return [network_of(start, self._calls.labels, place) for place in range(NETWORKS)]
        nothing = np.zeros((0, self.basis.token_shift.size), np.float16), np.zeros(0, np.int32)
        lines = np.zeros((0, self.basis.line_shift.size), np.float16)
        numbers = [CallNumbers(*nothing, lines, call.labels, call.counts) for call in self._calls.learned]
        return [beginning(numbers, self._plan.network, np.random.default_rng(seed)) for seed in range(NETWORKS)]

    def _batch(self, calls: Sequence[KeptCall]) -> Batch:
        device, by = self._model.device, self._directions
        states = self._model.states(calls[0].prefix, [call.states() for call in calls])
        tokens, owner, lines = features_of(states, [length for call in calls for length in call.lengths])
        labels, counts = (
            torch.from_numpy(np.concatenate([getattr(call, name) for call in calls])).to(device)
            for name in ("labels", "counts")
        )
        tokens = tokens @ by["token_basis"] + by["token_shift"]
        return Batch(tokens, owner, lines @ by["line_basis"] + by["line_shift"], labels, counts)


def _copies(parts: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: part.detach().cpu().clone() for name, part in parts.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        state["basis"] = {name: part.numpy() for name, part in state["basis"].items()}
    except Exception:
        raise InputError(
            "what is kept of a training is broken: remove it, and it begins anew", place=str(path)
        ) from None
    return state
