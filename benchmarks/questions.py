"""The questions that `turnwise` asks, for benchmarks that put them to engines themselves."""

from ausweis.engines.protocol import Engine
from ausweis.prompts import default_library
from ausweis.reading import PolicyText, open_reader
from ausweis.reading.turnwise import TurnwiseReader

__all__ = ["turnwise"]


def turnwise(engine: Engine, *, readouts: bool) -> TurnwiseReader:
    """The reader with the templates that ship; it needs no policy."""
    reader = open_reader("turnwise", engine, default_library(), PolicyText((), ""), readouts=readouts)
    assert isinstance(reader, TurnwiseReader)
    return reader
