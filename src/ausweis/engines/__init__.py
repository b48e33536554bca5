"""What runs a model. Nothing here loads one before it is asked for.

protocol      what every engine offers: questions in, answers out; a transcript in, an answer a row
heads         what was learned for a model, as files of numbers: labels of a line or a call
matcher       the same for descriptions: what a line does with what each says; company words too
learned_index  the folder of what was learned (learned/): which part fits, its hash, a new one
llama         llama.cpp in this process: the default
server        any OpenAI-compatible server
fake          answers from a script, without a model
recorded      answers recorded in a folder or a packed file, and given again
overheard     another engine, listened to: each question whole, with its answer
opened        engines by name, also those that installed packages add
weights       model files: the catalogue, where they come from, their hashes
"""
