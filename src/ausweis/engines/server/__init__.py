"""The server engine: any OpenAI-compatible server.

engine         answers questions; background: the thread that waits for many replies at once
address        where a server is, and whether what is said there leaves the house
model          which model it runs
abilities      what it can do, found by asking, in the dialects of known servers (dialects)
questions      a request → requests of HTTP → one result
connection     these requests, sent again after a transient fault (retry)
reply          what came back, believed where it can be true
probabilities  how likely each answer is, from what several replies show
"""

from ausweis.engines.server.address import KEY_VARIABLE, outside_warning
from ausweis.engines.server.engine import ServerEngine

__all__ = ["KEY_VARIABLE", "ServerEngine", "outside_warning"]
