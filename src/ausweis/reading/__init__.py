"""A call, prompts and an engine in; facts out.

reader      what every strategy offers
strategies  opens one by name
turnwise    the product: a closed question about every turn
call_events all events of a call in one answer, for large models
policy_words  what a policy's words make of a question about a whole call
quotes      whether what a model quotes was said, and where
kept        which events are kept, and in which order
asking      the ways to ask about a call's lines: in a window, or as a transcript that is read once
call_questions  what is asked about a call as a whole, after its last line
own_words   a policy's own factors and categories; own_labels: what may be done with them; word_evidence,
            word_mentions and value_shapes: what else a call says of them
incidents   critical incidents beyond authentication, where the policy asks for them (incident_question);
            described_incidents: those that it describes itself
address     the name that a caller gave, from how the agent speaks to them
dialogue    which factor is given, from the line and from what was asked
descriptions  a description as a line that lines of a call are compared with, and what is asked about it after them
chunks      turns cut into what is asked about, with what was said before
labels      what the templates' labels mean
defects     what is wrong with a recording: it starts late, breaks off, is garbled
unsure      where a recording was heard badly: words that are not sure, speech without any
plausible   what an answer must look like, by code
refusal     what an agent declines in plain words
asides      what an agent says to whoever evaluates the call, which makes no action less likely
"""

from ausweis.reading.incident_question import IncidentQuestion
from ausweis.reading.reader import Reader, Reading
from ausweis.reading.strategies import STRATEGIES, PolicyText, open_reader

__all__ = [
    "STRATEGIES",
    "IncidentQuestion",
    "PolicyText",
    "Reader",
    "Reading",
    "open_reader",
]
