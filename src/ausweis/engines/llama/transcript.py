"""A transcript read once, from its beginning to its end, in the middle layers of the model.

Each token is evaluated once, however long the call is. Where the context is full, the oldest tokens of the call are
forgotten; the prefix stays (after StreamingLLM, Xiao et al. 2023, arXiv 2309.17453; but positions go on, and
are not counted anew). Questions may be asked after it, each in a sequence of its own that goes on the transcript's.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ausweis.engines.llama.context import CHUNK, Cell, LlamaContext, States, StateTap, chunks
from ausweis.engines.llama.model import LlamaModel
from ausweis.errors import ContextError, ModelError

__all__ = ["TranscriptContext"]

QUESTIONS = 12
"""So many are evaluated at once, as far as they fit a chunk: of usual length so many do."""


class TranscriptContext(LlamaContext):
    """A context of `size` tokens that tells the states of these layers, and no logits.

    Raises:
        ModelError: there is not enough memory for the context, or there are no such layers.
    """

    def __init__(self, model: LlamaModel, size: int, threads: int, layers: Sequence[int]) -> None:
        if max(layers) >= model.layers - 1:
            raise ModelError(f"the model has {model.layers} layers; states are told of those before its last one")
        self._states = StateTap(model.api, layers, model.width)
        super().__init__(model, size, threads, sequences=1 + QUESTIONS, tap=self._states)
        self._end = 0

    def read(self, rows: Sequence[Sequence[int]]) -> Iterator[States]:
        """The states of each row's tokens, float32 of shape (tokens, layers, width), as soon as they are known.

        To be taken to its end before anything else is asked of the context.

        Raises:
            ContextError: a row does not fit the context.
            EngineError: llama.cpp could not evaluate it, or the model has no such layers.
        """
        room = self.size - self.length
        longest = max(map(len, rows), default=0)
        if longest > room:
            raise ContextError(
                f"a line of a call has {longest} tokens, but the context has room for {room} (option --context)"
            )
        self._api.llama_memory_seq_rm(self._memory, 0, self.length, -1)
        tokens = [token for row in rows for token in row]
        self._end = self.length + len(tokens)
        cells = [Cell(token, position) for position, token in enumerate(tokens, start=self.length)]
        rest = np.empty((0, 0, 0), np.float32)
        lengths = iter(map(len, rows))
        wanted = next(lengths, 0)
        for chunk in chunks(cells, min(CHUNK, room)):
            self._make_room(chunk[-1].position + 1, room)
            with self._states.taking():
                self._decode(chunk)
            states = self._states.states().transpose(1, 0, 2)
            read = np.concatenate([rest, states]) if len(rest) else states
            place = 0
            while wanted and place + wanted <= len(read):
                yield read[place : place + wanted]
                place += wanted
                wanted = next(lengths, 0)
            rest = read[place:]

    def ask(self, questions: Sequence[Sequence[int]]) -> Iterator[States]:
        """The states of the tokens of each of one or more questions, as those of a row, after all that was read last.

        Raises:
            ContextError: a question does not fit the context.
            EngineError: llama.cpp could not evaluate it.
        """
        room = min(CHUNK, self.size - self.length - 1)
        longest = max(map(len, questions))
        if longest > room:
            raise ContextError(
                f"a question after a call has {longest} tokens, and the context room for {room}: describe what it is "
                "about in fewer words, or give more (option --context)"
            )
        # As many as there is room for behind the transcript; more would push it out.
        most = max(longest, min(CHUNK, self.size - self._end))
        some: list[Sequence[int]] = []
        for question in questions:
            if len(some) == QUESTIONS or sum(map(len, some)) + len(question) > most:
                yield from self._asked(some)
                some = []
            some.append(question)
        yield from self._asked(some)

    def _asked(self, questions: Sequence[Sequence[int]]) -> Iterator[States]:
        """Those of one chunk."""
        cells = [
            Cell(token, position, (number,))
            for number, question in enumerate(questions, start=1)
            for position, token in enumerate(question, start=self._end)
        ]
        self._make_room(self._end + len(cells), self.size - self.length)
        try:
            for number in range(1, len(questions) + 1):
                self._api.llama_memory_seq_cp(self._memory, 0, number, 0, self._end)
            with self._states.taking():
                self._decode(cells)
        finally:
            for number in range(1, len(questions) + 1):
                self._api.llama_memory_seq_rm(self._memory, number, -1, -1)
        states = self._states.states().transpose(1, 0, 2)
        yield from np.split(states, np.cumsum([len(question) for question in questions])[:-1])

    def _make_room(self, end: int, room: int) -> None:
        """Forget the oldest tokens of the transcript where tokens up to this one, all counted, would not fit."""
        if end - self.length > room:
            self._api.llama_memory_seq_rm(self._memory, 0, self.length, end - room)
