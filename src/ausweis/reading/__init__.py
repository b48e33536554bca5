"""A call, prompts and an engine in; facts out.

reader      what every strategy offers
strategies  opens one by name
turnwise    the product: a closed question about every turn
call_events all events of a call in one answer, for large models
questions   what a line is asked for, by which label, and the events that answers mean
asking      the ways to ask about a call's lines: in a window, or as a transcript that is read once
described   what a policy describes, own words and incidents, read by its descriptions
word_evidence  what else a call says of own words; value_shapes: how their values look
incidents   critical incidents beyond authentication, where the policy asks for them
dialogue    which factor is given, from the line and from what was asked
chunks      turns cut into what is asked about, with what was said before; and where a quote stands
plain_words what code hears in a line: names, refusals, asides, values of a known look
defects     what is wrong with a recording, and where it was heard badly
"""

from ausweis.reading.questions import PolicyText, Question
from ausweis.reading.reader import Reader, Reading
from ausweis.reading.strategies import STRATEGIES, open_reader

__all__ = ["STRATEGIES", "PolicyText", "Question", "Reader", "Reading", "open_reader"]
