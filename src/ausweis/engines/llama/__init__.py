"""The in-process engine: llama.cpp, by llama-cpp-python.

engine         answers questions and reads transcripts
prompts        messages as tokens: markers of the chat format apart from contents
model          the weights: vocabulary, tokens; the memory of the GPU that llama.cpp can use
gathered       what several threads ask at the same time, answered together
context        llama.cpp's memory, with a prefix that is kept on the disk; the states of middle layers, taken meanwhile
shared_prefix  questions that go on from the prefix they share, a sequence for each, batch by batch
answers        answers under way: of a closed list, or JSON by schema
transcript     a call read once, row by row, and questions after it
"""

from ausweis.engines.llama.engine import LlamaEngine, engine_name

__all__ = ["LlamaEngine", "engine_name"]
