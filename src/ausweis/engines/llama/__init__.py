"""The in-process engine: llama.cpp, by llama-cpp-python."""

from ausweis.engines.llama.engine import LlamaEngine, engine_name

__all__ = ["LlamaEngine", "engine_name"]
