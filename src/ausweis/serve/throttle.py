"""Wrong keys are slowed: each client's own, and all together. A right key is let in whatever others do.

Keys are 32 random bytes, which nobody guesses; this keeps those who try from costing anything, and says what goes on.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Throttle"]

_FREE, _FREE_ALL = 5, 100
"""Wrong keys of one client, and of all together, that are answered at once."""
_LONGEST, _LONGEST_ALL = 900, 60
_FORGET = 3600.0
_CLIENTS = 1000


@dataclass
class _Tries:
    wrong: int = 0
    last: float = 0.0
    until: float = 0.0


class Throttle:
    """For several threads. `now`: a clock that never goes back, in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._clients: OrderedDict[str, _Tries] = OrderedDict()
        self._all = _Tries()

    def wrong(self, address: str) -> int:
        """Note a wrong key of a client: the seconds to wait, 0 where it is simply wrong.

        While a client waits, more wrong ones do not lengthen that.
        """
        now = self._now()
        with self._lock:
            name = _client(address)
            own = self._clients.setdefault(name, _Tries())
            self._clients.move_to_end(name)
            while len(self._clients) > _CLIENTS:
                self._clients.popitem(last=False)
            return max(_count(own, now, _FREE, _LONGEST), _count(self._all, now, _FREE_ALL, _LONGEST_ALL))

    def right(self, address: str) -> None:
        """Forget the wrong keys of a client: it had the right one after all."""
        with self._lock:
            self._clients.pop(_client(address), None)


def _count(tries: _Tries, now: float, free: int, longest: int) -> int:
    """Count one more; each beyond the free ones doubles the time."""
    if now < tries.until:
        return int(tries.until - now) + 1
    if now - tries.last > _FORGET:
        tries.wrong = 0
    tries.wrong, tries.last = tries.wrong + 1, now
    if tries.wrong <= free:
        return 0
    seconds = min(longest, 1 << min(tries.wrong - free, 20))
    tries.until = now + seconds
    return seconds


def _client(address: str) -> str:
    """Who an address is of: with IPv6, whoever has one has the 2 ** 64 around it too."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
