"""What a model computes on its way to an answer: the states of chosen layers, taken while llama.cpp evaluates.

llama.cpp asks a function of ours about each step of its computation; those that are the output of a chosen layer are
copied. What comes after the last of them is left out: to know the states, nobody needs the layers behind.
"""

import ctypes
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama.ggml import ggml
from ausweis.errors import EngineError

__all__ = ["StateTap", "States"]

States = NDArray[np.float32]


class StateTap:
    """Copies the states of these layers (numbered from 0) of the tokens that are evaluated while it is `taking`."""

    def __init__(self, api: Any, layers: Sequence[int], width: int) -> None:
        """`width`: numbers in a state."""
        self._library = _tensors(api)
        self._places = {f"l_out-{layer}".encode(): place for place, layer in enumerate(layers)}
        self._width = width
        self._open = False
        self._taken: dict[int, States] = {}
        self._fault: BaseException | None = None
        self.callback = api.ggml_backend_sched_eval_callback(self._look)
        """For the context's `cb_eval`; must live as long as the context."""

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Take the states of what is evaluated within."""
        self._taken.clear()
        self._open = True
        try:
            yield
        finally:
            self._open = False

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

    def states(self) -> States:
        """The states of the tokens evaluated last: shape (layers, tokens, width).

        Raises:
            EngineError: the model has no such layers, or llama.cpp names what they give otherwise.
        """
        if len(self._taken) < len(self._places):
            raise EngineError("the states of this model's layers cannot be read: ask it zero-shot (--zero-shot)")
        return np.stack([self._taken[place] for place in range(len(self._places))])


def _tensors(api: Any) -> Any:
    library = ggml(api)
    library.ggml_get_name.restype, library.ggml_get_name.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    get = library.ggml_backend_tensor_get
    get.restype, get.argtypes = None, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t]
    library.ggml_nelements.restype, library.ggml_nelements.argtypes = ctypes.c_int64, [ctypes.c_void_p]
    return library
