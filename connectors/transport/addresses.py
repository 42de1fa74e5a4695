"""Which addresses a person may have us fetch: public hosts over HTTPS, and nothing inside our own network.

Asked before each call. A name is resolved and every address behind it must be public; redirects are never followed.
"""

import socket
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from connectors.base import Refused, Retry

Resolve = Callable[[str, int], Iterable[str]]
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def resolved(host: str, port: int) -> list[str]:
    """Every address behind a name. Raises OSError."""
    return [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port


def refuse_private(url: str, *, test_market: str = "", resolve: Resolve = resolved) -> None:
    """Raise Refused unless `url` may be fetched. `test_market` is the address of a market on this machine, whose own
    pages are allowed besides. Raises Retry where the name cannot be resolved now.
    """
    try:
        scheme, host, port = origin_of(url)
        if test_market and host in LOOPBACK and (scheme, host, port) == origin_of(test_market):
            return
    except ValueError as error:
        raise Refused(f"this is no web address: {error}", code="address") from error
    if scheme != "https" or not host or "@" in urlsplit(url).netloc:
        raise Refused("only https addresses without a password in them are fetched", code="address")
    try:
        found = list(resolve(host, port or 443))
    except OSError as error:
        raise Retry(f"the name {host} cannot be resolved: {error}") from error
    hidden = [address for address in found if not ip_address(address.partition("%")[0]).is_global]
    if hidden or not found:
        raise Refused(f"{host} is no public host; files are fetched from the public web alone", code="address")
