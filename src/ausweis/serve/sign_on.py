"""The company's sign-on: a reverse proxy says in a header who somebody is, and nobody else may.

Off unless asked for. A header is only as good as who can send it: it counts from the addresses of the proxies alone,
with the secret that these add where there is one, and only once in a request, so that no proxy that adds its own passes
on another.
"""

import hmac
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from ausweis.serve.auth import reviewer_name

__all__ = ["REFUSALS", "SECRET", "SignOn"]

SECRET = "x-ausweis-proxy-secret"  # noqa: S105 - the name of a header
"""The header with which a proxy proves that it is one."""
REFUSALS = ("sign_on_proxy", "sign_on_nobody", "sign_on_name", "sign_on_unknown", "sign_on_withdrawn")
"""Details of refusals, and keys of their sentences."""


@dataclass(frozen=True)
class SignOn:
    """`header`: which names the user; `proxies`: from where it counts; `secret`: what they send besides, if anything.

    `known_only`: whether those who are not in the table of reviewers are refused; else they review.
    """

    header: str
    proxies: tuple[IPv4Network | IPv6Network, ...]
    secret: str = ""
    known_only: bool = False

    @classmethod
    def of(cls, header: str, proxies: tuple[str, ...], secret: str = "", *, known_only: bool = False) -> "SignOn":
        """From what a user wrote.

        Raises:
            ValueError: a proxy is no address and no network.
        """
        return cls(header, tuple(ip_network(proxy, strict=False) for proxy in proxies), secret, known_only)

    def user(self, headers: Headers, client: str) -> str:
        """Who the proxy says that it is. `client`: the address that the request came from.

        Raises:
            HTTPException: it is no proxy that says so, or it names nobody.
        """
        secret = headers.get(SECRET, "").encode("latin-1", "replace")
        proves = not self.secret or hmac.compare_digest(secret, self.secret.encode())
        if not self._is_proxy(client) or not proves:
            raise HTTPException(403, "sign_on_proxy")
        named = headers.getlist(self.header)
        if len(named) != 1 or not named[0].strip():
            raise HTTPException(403, "sign_on_nobody")
        name = _decoded(named[0]).strip()
        # Cut short or cleaned, it might be another's.
        if reviewer_name(name) != name:
            raise HTTPException(403, "sign_on_name")
        return name

    def _is_proxy(self, client: str) -> bool:
        try:
            address = ip_address(client)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in proxy for proxy in self.proxies if proxy.version == address.version)


def _decoded(value: str) -> str:
    """A header as its bytes are meant: UTF-8, else Latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
