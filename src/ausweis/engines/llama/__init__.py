"""The in-process engine: llama.cpp, by llama-cpp-python.

engine         answers questions and reads transcripts
chat_format    messages → parts of a prompt, markers apart from contents
prompt_tokens  prompts as tokens
batches        which questions are evaluated together, and what they share
model          the weights: vocabulary, tokens
ggml           the library under llama.cpp, and the memory of the GPU that it can use
gathered       what several threads ask at the same time, answered together
context        llama.cpp's memory, with a prefix that prompts share and that is kept on the disk
shared_prefix  a sequence for each question, going on from the prefix they share
answers        answers under way: of a closed list, or JSON by schema
transcript     a call read once, row by row, and questions after it
states         what the model computes meanwhile, taken from its middle layers
"""

from ausweis.engines.llama.engine import LlamaEngine, engine_name

__all__ = ["LlamaEngine", "engine_name"]
