"""Which addresses a person may have us fetch: public hosts over HTTPS, and nothing inside our own network.

Asked before each call. A name is resolved and every address behind it must be public; the call then goes to an
address that was judged, so that a name which resolves to another a moment later (DNS rebinding) leads nowhere else;
redirects are never followed.
"""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address, ip_network
from urllib.parse import urlsplit

from connectors.base import Refused, Retry

Resolve = Callable[[str, int], Iterable[str]]
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Protocol assignments (RFC 6890), some of which the standard library takes for global.
RESERVED = ip_network("192.0.0.0/24")
UNICAST = ip_network("2000::/3")  # all that is handed out for the public IPv6 internet
NAT64 = ip_network("64:ff9b::/96")  # a gateway leads on to the IPv4 address in its last 32 bits (RFC 6052 §2.1)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: `url` names the judged address; the headers name the host that is meant, by which the
    transport also asks for the certificate."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)


def resolved(host: str, port: int) -> list[str]:
    """Every address behind a name. Raises OSError."""
    return [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port


def is_public(address: str) -> bool:
    """Also false for an IPv6 address that only carries a private IPv4 one: mapped, compatible, 6to4, Teredo, NAT64."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found.is_global and not found.is_multicast and found not in RESERVED
    if found in NAT64:
        return is_public(str(IPv4Address(int(found) % 2**32)))
    inner = [found.sixtofour, *(found.teredo or ())]
    return found in UNICAST and found.is_global and all(each is None or is_public(str(each)) for each in inner)


def refuse_private(url: str, *, test_market: str = "", resolve: Resolve = resolved) -> None:
    """Raise Refused unless `url` may be fetched, Retry where its name cannot be resolved now. See `pinned`."""
    pinned(url, test_market=test_market, resolve=resolve)


def pinned(url: str, *, test_market: str = "", resolve: Resolve = resolved) -> Target:
    """Where to send a call to `url`. `test_market` is the address of a market on this machine, whose own pages are
    allowed besides.

    Raises Refused for what may not be fetched, Retry where the name cannot be resolved now.
    """
    try:
        scheme, host, port = origin_of(url)
        if test_market and host in LOOPBACK and (scheme, host, port) == origin_of(test_market):
            return Target(url)
    except ValueError as error:
        raise Refused(f"this is no web address: {error}", code="address") from error
    if scheme != "https" or not host or "@" in urlsplit(url).netloc:
        raise Refused("only https addresses without a password in them are fetched", code="address")
    try:
        found = list(resolve(host, port or 443))
        is_allowed = bool(found) and all(is_public(address) for address in found)
    except (OSError, UnicodeError) as error:  # a label that is too long is a UnicodeError
        raise Retry(f"the name {host} cannot be resolved: {error}") from error
    if not is_allowed:
        raise Refused(f"{host} is no public host; files are fetched from the public web alone", code="address")
    parts, first = urlsplit(url), found[0]
    literal = f"[{first}]" if ":" in first else first
    at = literal if port is None else f"{literal}:{port}"
    # Closed after the answer: a kept connection is known by its address alone, and another name may share that.
    return Target(parts._replace(netloc=at).geturl(), {"Host": parts.netloc, "Connection": "close"})
