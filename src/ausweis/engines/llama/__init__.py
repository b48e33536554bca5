"""The in-process engine: llama.cpp, by llama-cpp-python.

engine   answers questions and reads transcripts; what several threads ask at the same time is answered together
model    the weights: vocabulary, tokens, the chat format apart from contents; the memory of the GPU
context  llama.cpp's memory, with a prefix that is kept on the disk; a transcript read once, by states of middle layers
answers  answers under way: of a closed list, or JSON by schema; questions that go on from the prefix they share
"""

from ausweis.engines.llama.engine import LlamaEngine, engine_name, usual_context

__all__ = ["LlamaEngine", "engine_name", "usual_context"]
