"""A call, prompts and an engine in; facts out.

strategies    opens a reader by name
lines         the product: a closed question about every line
call_events   all events of a call in one answer, for large models
questions     what a line is asked for, by which label, and the events that answers mean; what every reader offers
asking        the ways to ask about a call's lines: in a window, or as a transcript that is read once
evidence      what else a call says of a label; value_shapes: how the values of own words look
incidents     critical incidents beyond authentication, where the policy asks for them
chunks        turns cut into what is asked about, with what was said before; and where a quote stands
plain_words   what code hears in a line: names, refusals, words to the evaluator; patterns: its expressions, as data
defects       what is wrong with a recording, and where it was heard badly
"""

from ausweis.reading.questions import PolicyText, Question, Reader
from ausweis.reading.strategies import STRATEGIES, open_reader

__all__ = ["STRATEGIES", "PolicyText", "Question", "Reader", "open_reader"]
