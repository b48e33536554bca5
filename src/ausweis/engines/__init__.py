"""What runs a model. Nothing here loads one before it is asked for.

protocol      what every engine offers: questions in, answers out; a transcript in, an answer a row
probe         what is learned for a model: how likely each label is, from what the model computed about a line
ngrams        the same from the words of the line, weighed with what the probe says
answer_probe  the same of a whole call, from what the model computed about questions after it
matcher       the same for a description: what a line does with what it says, and whether it answers a question about it
word_matcher  such a one for a company's own factors and categories
line_probe    a probe and a matcher together, as they read a line
learned_file  how they are kept: data only, bound to model and template
reader_calibration  what a reader's probabilities mean
learned_index  the folder of what was learned (learned/): which part fits, its hash, a new one; learned_part: an entry
llama         llama.cpp in this process: the default
server        any OpenAI-compatible server
fake          answers from a script, without a model
recorded      answers recorded in a folder or a packed file, and given again
weights       model files: the catalogue, where they come from, their hashes
strict_json   JSON as its standard has it
"""

from ausweis.engines.protocol import Engine, Message, Request, Result, Transcript, TranscriptEngine

__all__ = ["Engine", "Message", "Request", "Result", "Transcript", "TranscriptEngine"]
