"""The server engine: any OpenAI-compatible server.

engine      answers questions, and finds out which model the server runs
connection  where a server is, whether that is in the house; requests of HTTP, sent again after a transient fault
dialects    how servers are told what to answer, and which of it they enforce; a request, its replies, one result
reply       what came back, believed where it can be true; how likely each answer is by several replies
"""

from ausweis.engines.server.connection import KEY_VARIABLE, outside_warning
from ausweis.engines.server.engine import ServerEngine

__all__ = ["KEY_VARIABLE", "ServerEngine", "outside_warning"]
