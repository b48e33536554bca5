"""What matchers of all kinds learn alike: what a line does with each description that its call is asked about.

Groups of calls are left out together, with the descriptions that are theirs. So what is weighed, and measured, is how
far scores can be trusted on descriptions that nobody has learned from. Products of line and description tell a line
that gives something from one that gives this. AdamW's decay would pull towards nothing; here the loss pulls towards the
beginning, at which likeness is the cosine.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from evals.lab.training.calls import CallInBasis
from evals.lab.training.networks import DEVICE, Network, chance_of, descend, dropped, largest_by, sums_by
from evals.lab.training.options import Bound
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import Tensor
from torch.nn import functional

from ausweis.engines.heads import LineFeatures
from ausweis.engines.matcher import NEARNESS_SCALE, NETWORK_PARTS, QUESTION, Descriptions, Matcher
from ausweis.reading.chunks import Chunk

Array = NDArray[np.float32]
Parts = dict[str, Array]
Kind = TypeVar("Kind", bound=Matcher)

FOLDS = 6
NETWORKS = 2
"""Their scores are averaged."""
_NOT_PULLED = {"hidden_bias", "hidden_out", "nearness", "bias"}
"""All other parts are pulled back to where they began."""
_LOSS_SCALE = 20.0
"""About the lines of a call."""


@dataclass(frozen=True)
class MatchPlan:
    """How much is learned, and how long."""

    token_dimensions: int = 192
    line_dimensions: int = 256
    compared: int = 128
    compared_lines: int = 64
    line_hidden: int = 16
    pair: int = 16
    hidden: int = 32
    rate: float = 2e-3
    decay: float = 3e-3
    dropout: float = 0.2
    rounds: int = 8
    question_rounds: int = 20
    """Of the networks for questions, which see fewer descriptions in a round."""
    calls_at_once: int = 16
    others_weigh: float = 0.3
    """What a description weighs that is none of the call's own."""
    drawn: int = 24
    """Descriptions that a call is asked about besides, others each time."""
    drawn_weigh: float = 0.05

    def of_rounds(self, rounds: int | None) -> "MatchPlan":
        """With so many rounds for all networks, if it is told."""
        return replace(self, rounds=rounds, question_rounds=rounds) if rounds else self


class MatchedCall(NamedTuple):
    """A call as it is learned from.

    `described`: the places of the descriptions that it is asked about; `own`: which of them it was labelled for, not
    chosen by chance or known everywhere. `told`: 1, 0, or nan where it is unknown or cannot be: shape (lines,
    descriptions, outputs). `group`: calls of one group are left out together. `questions`: those after it, in the
    basis, and in `answered` the column of the description that each is about. `answers`: what is told
    of each line besides, weighed, where that is evidence. `id`: the call's.
    """

    id: str
    lines: CallInBasis
    chunks: Sequence[Chunk]
    described: tuple[int, ...]
    own: tuple[bool, ...]
    told: Array
    group: str
    questions: Descriptions | None = None
    answered: tuple[int, ...] = ()
    answers: Sequence[dict[str, float]] = ()

    @property
    def of_questions(self) -> "MatchedCall":
        """The same call, asked about those descriptions alone that questions after it are about."""
        columns = list(self.answered)
        return self._replace(
            described=tuple(self.described[column] for column in columns),
            own=tuple(self.own[column] for column in columns),
            told=self.told[:, columns],
        )

    def asked_besides(self, places: Sequence[int]) -> "MatchedCall":
        """The same call, asked about these descriptions too, which happen in none of its lines, whoever speaks."""
        never = np.zeros((len(self.told), len(places), self.told.shape[2]), np.float32)
        return self._replace(
            described=(*self.described, *places),
            own=(*self.own, *[False] * len(places)),
            told=np.concatenate([self.told, never], axis=1),
        )

    def without(self, places: Collection[int]) -> "MatchedCall":
        """The same call, of which nothing is known about these descriptions."""
        told = self.told.copy()
        told[:, [place in places for place in self.described]] = np.nan
        return self._replace(told=told)


Compared = Callable[[MatchedCall, np.random.Generator | None], Descriptions]
"""What the lines of a call are compared with, for each of its descriptions; by chance, where there is a choice."""


def by_description(described: Sequence[Descriptions]) -> Compared:
    """With descriptions: by chance one of the wordings, or the first. `described`: the wordings of each."""

    def compared(call: MatchedCall, order: np.random.Generator | None) -> Descriptions:
        chosen = []
        for place in call.described:
            wordings = described[place]
            one = int(order.integers(len(wordings.lines))) if order else 0
            chosen.append((wordings.tokens[one, wordings.there[one]], wordings.lines[one]))
        longest = max(len(tokens) for tokens, _ in chosen)
        tokens = np.stack([np.pad(tokens, ((0, longest - len(tokens)), (0, 0))) for tokens, _ in chosen])
        there = np.array([[place < len(tokens) for place in range(longest)] for tokens, _ in chosen])
        return Descriptions(tokens, there, np.stack([line for _, line in chosen]))

    return compared


def by_question(call: MatchedCall, _: np.random.Generator | None) -> Descriptions:
    """With the questions after the call."""
    if call.questions is None:
        raise ValueError("no question was asked after the call")
    return call.questions


def basis_of(
    calls: Sequence[Sequence[LineFeatures]],
    descriptions: Sequence[LineFeatures],
    questions: Sequence[LineFeatures],
    plan: MatchPlan,
) -> Parts:
    """Principal directions of lines, and what brings the mean of descriptions, and of questions, to nought in them.

    Each direction is scaled by the root of its spread: half way to equal spreads.
    """
    seen = [line for call in calls for line in call]
    basis: Parts = {}
    for kind, values, most in (
        ("token", np.concatenate([line.tokens[::3] for line in seen]), plan.token_dimensions),
        ("line", np.stack([line.line for line in seen]), plan.line_dimensions),
    ):
        components = PCA(min(most, *values.shape), random_state=0).fit(values)
        directions = components.components_.T / components.explained_variance_**0.25
        directions = (directions / ((values[:1000] - components.mean_) @ directions).std()).astype(np.float32)
        basis[f"{kind}_basis"] = directions
        basis[f"{kind}_shift"] = (-components.mean_ @ directions).astype(np.float32)
    for kind, some in (("described", descriptions), ("question", questions)):
        tokens, line = np.concatenate([one.tokens for one in some]).mean(axis=0), np.mean([one.line for one in some], 0)
        basis[f"{kind}_token_shift"] = -(tokens @ basis["token_basis"])
        basis[f"{kind}_line_shift"] = -(line @ basis["line_basis"])
    return basis


class MatchNetwork(Network):
    """One network of a `Matcher`."""

    def forward(
        self, call: CallInBasis, asked: Descriptions, dropout: float = 0.0, chance: torch.Generator | None = None
    ) -> Tensor:
        """As `Matcher.scores`, for all lines of a call: shape (lines, descriptions, outputs)."""
        part = dict(self.named_parameters())
        seen_tokens, seen_lines, asked_tokens, asked_lines = (
            torch.from_numpy(values.astype(np.float32)).to(DEVICE)
            for values in (call.tokens, call.lines, asked.tokens, asked.lines)
        )
        owner, there = (
            torch.from_numpy(call.owner.astype(np.int64)).to(DEVICE),
            torch.from_numpy(asked.there).to(DEVICE),
        )
        rows, (count, longest, width) = len(seen_lines), asked_tokens.shape
        # The same dimensions are left out of both.
        kept = dropped(seen_tokens.new_ones(width), dropout, chance)
        tokens, described = seen_tokens * kept, asked_tokens * kept
        kept = dropped(seen_lines.new_ones(seen_lines.shape[-1]), dropout, chance)
        lines, described_lines = seen_lines * kept, asked_lines * kept
        # How near, by the tokens of the description, by those of the line, and as a whole.
        goal = _unit(described @ part["of_described_token"]).reshape(count * longest, -1)
        same = (_unit(tokens @ part["of_token"]) @ goal.T).reshape(-1, count, longest).masked_fill(~there, -1.0)
        weights = (described @ part["described_token_weight"]).masked_fill(~there, -1e9).softmax(dim=-1)
        looks = (tokens @ part["token_weight"]).clamp(-8, 8).exp()
        by_line = sums_by(owner, same.amax(dim=-1) * looks[:, None], rows) / sums_by(owner, looks, rows)[:, None]
        whole = _unit(lines @ part["of_line"]) @ _unit(described_lines @ part["of_line"]).T
        near = torch.stack([(largest_by(owner, same, rows) * weights).sum(dim=-1), by_line, whole], dim=-1)
        of_line = (lines @ part["line_hidden"])[:, None].expand(-1, count, -1)
        pair = (lines @ part["line_pair"])[:, None] * (described_lines @ part["described_line_pair"])[None]
        seen = torch.cat([near * NEARNESS_SCALE, of_line, pair], dim=-1)
        hidden = functional.gelu(seen @ part["hidden"] + part["hidden_bias"], approximate="tanh")
        of_lines = (lines @ part["line"])[:, None]
        told: Tensor = near @ part["nearness"] + hidden @ part["hidden_out"] + of_lines + part["bias"]
        return told


def _unit(values: Tensor) -> Tensor:
    """Each vector, along the last axis, brought to length 1."""
    return values * torch.rsqrt((values * values).sum(dim=-1, keepdim=True) + 1e-6)


def learn_network(
    calls: Sequence[MatchedCall], compared: Compared, plan: MatchPlan, seed: int, others: Sequence[int] = ()
) -> Parts:
    """One network: the `NETWORK_PARTS` of a `Matcher` without the first axis.

    `others`: places of descriptions that happen in no call but those that are asked about them. Some of them are drawn
    for each call, each time anew.
    """
    order, chance = np.random.default_rng(seed), chance_of(seed)
    network = MatchNetwork(_beginning(calls[0], plan, order))
    part = dict(network.named_parameters())
    begun = {name: one.detach().clone() for name, one in part.items() if name not in _NOT_PULLED}

    def loss_of(call: MatchedCall) -> Tensor:
        """The cross-entropy of all that is known of a call's lines."""
        rest = [place for place in others if place not in call.described]
        drawn = [int(one) for one in order.choice(rest, min(len(rest), plan.drawn), replace=False)] if rest else []
        weights = [1.0 if own else plan.others_weigh for own in call.own] + [plan.drawn_weigh] * len(drawn)
        call = call.asked_besides(drawn)
        scores = network(call.lines, compared(call, order), plan.dropout, chance)
        told = torch.from_numpy(call.told).to(DEVICE)
        each = functional.binary_cross_entropy_with_logits(scores, told.nan_to_num(), reduction="none")
        each = each * torch.tensor(weights, device=DEVICE)[None, :, None]
        return (each * ~told.isnan()).sum() / _LOSS_SCALE

    def losses() -> Iterator[Tensor]:
        for _ in range(plan.rounds):
            shuffled = order.permutation(len(calls))
            for start in range(0, len(shuffled), plan.calls_at_once):
                each = [loss_of(calls[place]) for place in shuffled[start : start + plan.calls_at_once]]
                pull = sum(((part[name] - one) ** 2).sum() for name, one in begun.items())
                yield torch.stack(each).sum() / plan.calls_at_once + plan.decay * pull

    steps = plan.rounds * -(-len(calls) // plan.calls_at_once)
    descend([{"params": list(part.values()), "lr": plan.rate, "weight_decay": 0.0}], steps, losses())
    return network.arrays()


def _beginning(call: MatchedCall, plan: MatchPlan, chance: np.random.Generator) -> Parts:
    token, line, outputs = call.lines.tokens.shape[1], call.lines.lines.shape[1], call.told.shape[2]

    def normal(*shape: int, scale: float) -> Array:
        return chance.normal(0, scale, shape).astype(np.float32)

    same = np.eye(token, min(token, plan.compared), dtype=np.float32)
    return {
        "of_token": same + normal(*same.shape, scale=0.01),
        "of_described_token": same + normal(*same.shape, scale=0.01),
        "token_weight": np.zeros(token, np.float32),
        "described_token_weight": np.zeros(token, np.float32),
        "of_line": normal(line, plan.compared_lines, scale=line**-0.5),
        "line_hidden": normal(line, plan.line_hidden, scale=line**-0.5),
        "line_pair": normal(line, plan.pair, scale=line**-0.5),
        "described_line_pair": normal(line, plan.pair, scale=line**-0.5),
        "hidden": normal(3 + plan.line_hidden + plan.pair, plan.hidden, scale=0.2),
        "hidden_bias": np.zeros(plan.hidden, np.float32),
        "hidden_out": np.zeros((plan.hidden, outputs), np.float32),
        "nearness": np.repeat(np.array([[8.0], [4.0], [1.0]], np.float32), outputs, axis=1),
        "line": np.zeros((line, outputs), np.float32),
        "bias": np.full(outputs, -6.0, np.float32),
    }


def match_scores(networks: Sequence[Parts], call: MatchedCall, compared: Compared) -> Array:
    """The log-odds of each line, description and output, averaged over networks; of several wordings by the first."""
    described = compared(call, None)
    with torch.no_grad():
        each = [MatchNetwork(parts)(call.lines, described) for parts in networks]
        mean: Array = torch.stack(each).mean(dim=0).cpu().numpy()
    return mean


class LeftOut(NamedTuple):
    """A call with the scores of its lines and descriptions, and of its questions, by networks that have not seen it.

    `scores`, `answers`: shape (lines, descriptions or questions, outputs). `unseen`: the descriptions that they have
    not seen either.
    """

    call: MatchedCall
    scores: Array
    answers: Array | None
    unseen: frozenset[int] = frozenset()


def left_out_of(
    calls: Sequence[MatchedCall],
    described: Sequence[Descriptions],
    plan: MatchPlan,
    places: Mapping[str, Collection[int]],
    others: Sequence[int] = (),
) -> list[LeftOut]:
    """Each call that has descriptions of its own, by networks that have not seen its group.

    `described`: as in `by_description`. `places`: by group, the descriptions that are left out with it. `others`: as in
    `learn_network`.
    """
    asked = {call.group for call in calls if call.questions}
    # Those with questions first: so that there are some in what every fold is learned from.
    groups = sorted({call.group for call in calls if any(call.own)}, key=lambda group: (group not in asked, group))
    left_out: list[LeftOut] = []
    for fold in range(min(FOLDS, len(groups))):
        held = set(groups[fold::FOLDS])
        unseen = frozenset(place for group in held for place in places.get(group, ()))
        seen = [call.without(unseen) for call in calls if call.group not in held]
        by_words, by_questions = _learned(seen, described, plan, [one for one in others if one not in unseen], seed=0)
        for call in calls:
            if call.group in held and any(call.own):
                scores = match_scores([by_words], call, by_description(described))
                answers = match_scores([by_questions], call.of_questions, by_question) if call.questions else None
                left_out.append(LeftOut(call, scores, answers, unseen))
    return left_out


def learned_matcher(
    form: type[Kind],
    calls: Sequence[MatchedCall],
    described: Sequence[Descriptions],
    plan: MatchPlan,
    parts: Parts,
    bound: Bound,
    others: Sequence[int] = (),
    **about: int,
) -> Kind:
    """What all calls teach, as a file keeps it. `parts`: basis and weighing. `about`: for its notes."""
    both = [_learned(calls, described, plan, others, seed) for seed in range(NETWORKS)]
    networks = {
        begins + name: np.stack([networks[kind][name] for networks in both])
        for kind, begins in enumerate(("", QUESTION))
        for name in NETWORK_PARTS
    }
    every = {name: part.astype(np.float32) for name, part in (parts | networks).items()}
    counts = {"calls": len(calls), **about, "lines": sum(len(call.chunks) for call in calls)}
    return form(parts=every, **bound.fields(**counts))


def _learned(
    calls: Sequence[MatchedCall], described: Sequence[Descriptions], plan: MatchPlan, others: Sequence[int], seed: int
) -> tuple[Parts, Parts]:
    asked = [call.of_questions for call in calls if call.questions]
    by_words = learn_network(calls, by_description(described), plan, seed, others)
    return by_words, learn_network(asked, by_question, replace(plan, rounds=plan.question_rounds), seed)
