"""The server engine: any OpenAI-compatible server."""

from ausweis.engines.server.address import KEY_VARIABLE, outside_warning
from ausweis.engines.server.engine import ServerEngine

__all__ = ["KEY_VARIABLE", "ServerEngine", "outside_warning"]
