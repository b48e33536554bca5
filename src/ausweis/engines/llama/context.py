"""A llama.cpp context with a prefix that prompts share, evaluated once and kept on the disk for later processes.

What the model computes on its way, the states of chosen layers, can be taken while it evaluates: llama.cpp asks a
function of ours about each step of its computation, and the output of a chosen layer is copied. What comes after the
last of them is left out. A transcript is read once in this way: where the context is full, its oldest tokens are
forgotten, and the prefix stays (after StreamingLLM, Xiao et al. 2023, arXiv 2309.17453; but positions go on).
"""

import ctypes
import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama.model import LlamaModel, ggml
from ausweis.engines.weights import cache_folder
from ausweis.errors import ContextError, EngineError, ModelError

States = NDArray[np.float32]

CHUNK = 512
"""Tokens evaluated at once; more gains nothing on a CPU."""
MOST_KEPT = 12
"""Prefixes kept on the disk; those go that nobody used for the longest time."""
QUESTIONS = 12
"""Questions after a transcript that are evaluated at once, as far as they fit a chunk: of usual length so many do."""


class Cell(NamedTuple):
    """One token, with the sequences that have it, and those that want to know the logits after it."""

    token: int
    position: int
    owners: tuple[int, ...] = (0,)
    wanted: tuple[int, ...] = ()


class CachedPrefix:
    """The file for one prefix, if it was kept. `version` is that of llama.cpp and its settings.

    It holds what llama.cpp computed for the instructions and examples of a template: nothing of any call. It saves the
    half minute that evaluating them takes on two cores. Whatever goes wrong with it, the prefix is evaluated anew.
    llama.cpp ends the process when such a file is cut short, so its name carries the hash of its bytes.
    """

    def __init__(self, model_sha256: str, version: str, tokens: Sequence[int]) -> None:
        body = f"{model_sha256} {version} {' '.join(map(str, tokens))}"
        self._folder = cache_folder().parent / "prefixes"
        self._key = hashlib.sha256(body.encode()).hexdigest()[:32]

    def find(self) -> Path | None:
        """The file, if it is there and whole."""
        with suppress(OSError):
            for path in self._folder.glob(f"{self._key}-*.bin"):
                if path.name == self._name(path):
                    with suppress(OSError):
                        path.touch()
                    return path
                path.unlink(missing_ok=True)
        return None

    def keep(self, save: Callable[[str], bool]) -> None:
        """Write the file by `save`, which gets a name to write to and says whether it could."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                part = Path(folder) / "part"
                if save(str(part)):
                    part.replace(self._folder / self._name(part))
                    kept = sorted(self._folder.glob("*.bin"), key=lambda path: path.stat().st_mtime, reverse=True)
                    for path in kept[MOST_KEPT:]:
                        path.unlink(missing_ok=True)

    def _name(self, path: Path) -> str:
        with path.open("rb") as file:
            return f"{self._key}-{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}.bin"


class StateTap:
    """Copies the states of these layers (numbered from 0) of tokens that are evaluated."""

    def __init__(self, api: Any, layers: Sequence[int], width: int) -> None:
        """`width`: numbers in a state."""
        library = self._library = ggml(api)
        name, count, get = library.ggml_get_name, library.ggml_nelements, library.ggml_backend_tensor_get
        name.restype, name.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
        count.restype, count.argtypes = ctypes.c_int64, [ctypes.c_void_p]
        get.restype, get.argtypes = None, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
        self._places = {f"l_out-{layer}".encode(): place for place, layer in enumerate(layers)}
        self._width = width
        self._open = False
        self._taken: dict[int, States] = {}
        self._fault: BaseException | None = None
        self.callback = api.ggml_backend_sched_eval_callback(self._look)
        """For the context's `cb_eval`; must live as long as the context."""

    def taken(self, evaluate: Callable[[], None]) -> States:
        """The states of the tokens that are evaluated meanwhile: shape (tokens, layers, width)."""
        self._taken.clear()
        self._open = True
        try:
            evaluate()
        finally:
            self._open = False
        if len(self._taken) < len(self._places):
            raise EngineError("the states of this model's layers cannot be read: give --strategy turnwise or events")
        return np.stack([self._taken[place] for place in range(len(self._places))]).transpose(1, 0, 2)

    @contextmanager
    def faults_raised(self) -> Iterator[None]:
        """Raise in the end what was raised while llama.cpp asked, such as by a signal.

        It cannot pass through llama.cpp; and a call that was broken off is no fault of the model.
        """
        before = sys.unraisablehook

        def note(unraisable: "sys.UnraisableHookArgs") -> None:
            # A signal strikes where Python begins: mostly before the first line of `_look`.
            if isinstance(unraisable.exc_value, KeyboardInterrupt):
                self._fault = unraisable.exc_value
            else:
                before(unraisable)

        sys.unraisablehook = note
        try:
            yield
        finally:
            sys.unraisablehook = before
            fault, self._fault = self._fault, None
        if fault is not None:
            raise fault

    def _look(self, tensor: int, asking: bool, _: Any) -> bool:
        """What llama.cpp calls; a fault ends the evaluation."""
        try:
            return self._take(tensor, asking)
        except BaseException as fault:
            self._fault = fault
            return False

    def _take(self, tensor: int, asking: bool) -> bool:
        """Whether a step's result is wanted; once it is there, copy it, and say whether to go on."""
        place = self._places.get(self._library.ggml_get_name(tensor)) if self._open else None
        if place is None:
            return not asking
        if asking:
            return True
        count = self._library.ggml_nelements(tensor)
        states = np.empty((count // self._width, self._width), dtype=np.float32)
        self._library.ggml_backend_tensor_get(tensor, states.ctypes.data, 0, states.nbytes)
        self._taken[place] = states
        return place < len(self._places) - 1


class LlamaContext:
    """A context of `size` tokens for `sequences` of them; sequence 0 holds the prefix.

    With a `tap`, states of layers can be taken while it evaluates.
    """

    def __init__(
        self, model: LlamaModel, size: int, threads: int, *, sequences: int = 1, tap: StateTap | None = None
    ) -> None:
        self._model = model
        self._tap = tap
        self._api: Any = model.api
        parameters = self._api.llama_context_default_params()
        parameters.n_ctx = size
        parameters.n_batch = parameters.n_ubatch = CHUNK
        parameters.n_seq_max = sequences
        parameters.kv_unified = True
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.flash_attn_type = self._api.LLAMA_FLASH_ATTN_TYPE_ENABLED
        if tap is not None:
            parameters.cb_eval = tap.callback
        self._context = self._api.llama_init_from_model(model.pointer, parameters)
        if not self._context:
            raise ModelError(f"there is not enough memory for a context of {size} tokens; give a smaller one")
        self._memory = self._api.llama_get_memory(self._context)
        self._batch = self._api.llama_batch_init(CHUNK, 0, sequences)
        self.size = size
        self.stopped = False
        """Whether nothing is to be evaluated any more."""
        self.length = 0
        """Tokens of the prefix."""

    def set_prefix(self, tokens: Sequence[int], cached: CachedPrefix | None = None) -> int:
        """Forget everything, and begin with these tokens; returns how many had to be evaluated.

        With `cached`, what was kept there is used, or what is computed is kept there.
        """
        self._api.llama_memory_clear(self._memory, True)
        self.length = len(tokens)
        if not tokens or (cached is not None and self._load(tokens, cached.find())):
            return 0
        for chunk in chunks([Cell(token, place) for place, token in enumerate(tokens)]):
            self._decode(chunk)
        if cached is not None:
            cached.keep(lambda name: self._save(tokens, name))
        return len(tokens)

    def _save(self, tokens: Sequence[int], name: str) -> bool:
        array = (self._api.llama_token * len(tokens))(*tokens)
        return bool(self._api.llama_state_seq_save_file(self._context, name.encode(), 0, array, len(tokens)))

    def _load(self, tokens: Sequence[int], file: Path | None) -> bool:
        if file is None:
            return False
        loaded = (self._api.llama_token * len(tokens))()
        count = ctypes.c_size_t()
        name = str(file).encode()
        read = self._api.llama_state_seq_load_file(self._context, name, 0, loaded, len(tokens), ctypes.byref(count))
        if read and count.value == len(tokens) and list(loaded) == list(tokens):
            return True
        self._api.llama_memory_clear(self._memory, True)
        return False

    def _decode(self, chunk: Sequence[Cell]) -> None:
        """Evaluate up to `CHUNK` tokens."""
        if self.stopped:
            raise EngineError("the model was closed")
        batch = self._batch
        batch.n_tokens = len(chunk)
        for place, cell in enumerate(chunk):
            batch.token[place] = cell.token
            batch.pos[place] = cell.position
            batch.n_seq_id[place] = len(cell.owners)
            owners = batch.seq_id[place]
            for number, sequence in enumerate(cell.owners):
                owners[number] = sequence
            batch.logits[place] = bool(cell.wanted)
        with nullcontext() if self._tap is None else self._tap.faults_raised():
            status = self._api.llama_decode(self._context, batch)
        if status != 0:
            raise EngineError(f"llama.cpp could not evaluate the prompt (status {status})")

    def close(self) -> None:
        """Give the memory back."""
        if self._context:
            self._api.llama_batch_free(self._batch)
            self._api.llama_free(self._context)
            self._context = None


def chunks(cells: Sequence[Cell], size: int = CHUNK) -> Iterable[Sequence[Cell]]:
    """The cells in chunks that are evaluated at once."""
    return (cells[start : start + size] for start in range(0, len(cells), size))


class TranscriptContext(LlamaContext):
    """A context of `size` tokens that tells the states of these layers, and no logits."""

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
            states = self._states.taken(partial(self._decode, chunk))
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
            states = self._states.taken(partial(self._decode, cells))
        finally:
            for number in range(1, len(questions) + 1):
                self._api.llama_memory_seq_rm(self._memory, number, -1, -1)
        yield from np.split(states, np.cumsum([len(question) for question in questions])[:-1])

    def _make_room(self, end: int, room: int) -> None:
        """Forget the oldest tokens of the transcript where tokens up to this one, all counted, would not fit."""
        if end - self.length > room:
            self._api.llama_memory_seq_rm(self._memory, 0, self.length, end - room)
