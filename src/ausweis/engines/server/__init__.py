"""The server engine: any OpenAI-compatible server.

engine         answers questions, and finds out which model the server runs
address        where a server is, and whether what is said there leaves the house
connection     requests of HTTP, sent again after a transient fault
dialects       how servers are told what to answer, and which of it they enforce, found by asking
questions      a request → requests of HTTP → one result
reply          what came back, believed where it can be true
probabilities  how likely each answer is, from what several replies show
"""

from ausweis.engines.server.address import KEY_VARIABLE, outside_warning
from ausweis.engines.server.engine import ServerEngine

__all__ = ["KEY_VARIABLE", "ServerEngine", "outside_warning"]
