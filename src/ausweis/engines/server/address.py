"""Where a server is: its address, checked, and whether what is sent to it stays in the house."""

import ipaddress
import socket
from urllib.parse import urlsplit

import httpx

from ausweis.errors import InputError

__all__ = ["KEY_VARIABLE", "checked_address", "outside_warning"]

KEY_VARIABLE = "AUSWEIS_API_KEY"
"""The environment variable with the key for a server: keys on a command line are seen by everybody on the machine."""
_PRIVATE = tuple(ipaddress.ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))


def checked_address(text: str) -> str:
    """The address of the interface without a slash at its end; `/v1` where only a host is given.

    Raises:
        InputError: it is no http address, or holds a user name, a password, a query or a fragment. The message never
            quotes it.
    """
    try:
        parts, url = urlsplit(text), httpx.URL(text)
        # Connections can be made to the host: brackets hold IPv6, `xn--` what can be decoded.
        is_host = bool(url.host and url.raw_host.decode("ascii").encode("idna"))
        usable = is_host and parts.scheme in ("http", "https") and parts.port != 0 and text.isprintable()
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise InputError("the server's address must look like http://127.0.0.1:8080/v1")
    if parts.username is not None or parts.password is not None:
        message = "the server's address must not hold a user name or password"
        raise InputError(f"{message}: put the key into the environment variable {KEY_VARIABLE}")
    if parts.query or parts.fragment or any(sign in text for sign in "?# "):
        raise InputError("the server's address must end with its path, without a query, fragment or blank")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/') or '/v1'}"


def outside_warning(address: str) -> str | None:
    """What a user should know before calls are sent there; None where the server is on this machine.

    Resolves the host's name. An address is inside when it is loopback, private or link-local.
    """
    parts = urlsplit(checked_address(address))
    host = parts.hostname or ""
    try:
        addresses = {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return f"{host} cannot be resolved, so it is not known whether what is said in calls would leave this network"
    found = map(ipaddress.ip_address, addresses)
    # An IPv4 address may be written as IPv6, such as `::ffff:8.8.8.8`.
    places = [getattr(place, "ipv4_mapped", None) or place for place in found]
    if all(place.is_loopback for place in places):
        return None
    sentences = []
    if not all(place.is_loopback or place.is_link_local or any(place in net for net in _PRIVATE) for place in places):
        sentences.append(f"{host} is outside this network: what is said in calls, personal data too, is sent there")
    if parts.scheme == "http":
        sentences.append(f"what is sent to {host} is not encrypted: use https, or a network that nobody else reads")
    return "; ".join(sentences) or None
