"""Documents of reports and feeds: files on another host, open to whoever has the link for five minutes."""

import zlib

from connectors.base import Permit, Retry, Transport, Unknown
from connectors.shops.marketplaces.amazon.client import USER_AGENT
from connectors.shops.reading import Row

LARGEST = 256 * 1024 * 1024  # unpacked bytes; a year of returns of a large seller is a tenth of it
# Reports say their character set where it is not UTF-8: Latin-1 in Europe, Shift-JIS in Japan.
GZIP = 16 + zlib.MAX_WBITS


def download(transport: Transport, document: Row, operation: str) -> str:
    """The text of a document. The link carries its own permission: our token does not go to that host."""
    url = document.get("url")
    if not isinstance(url, str):
        raise Retry("Amazon's answer names no place of the document; its shape may have changed", code="drift")
    answer = transport.read("GET", url, operation=operation, headers={"user-agent": USER_AGENT})
    content = answer.body
    if document.get("compressionAlgorithm") == "GZIP":
        content = unpacked(content)
    return decoded(content, answer.headers.get("content-type", ""))


def unpacked(content: bytes) -> bytes:
    unpack = zlib.decompressobj(GZIP)
    try:
        text = unpack.decompress(content, LARGEST)
    except zlib.error as error:
        raise Retry(f"the document is damaged: {error}", code="short_read") from error
    if unpack.unconsumed_tail:
        raise Retry(f"the document is larger than {LARGEST} bytes unpacked; not read on", code="too_large")
    if not unpack.eof:
        raise Retry("the document ends too soon", code="short_read")
    return text


def decoded(content: bytes, content_type: str) -> str:
    named = content_type.lower().partition("charset=")[2].strip(' "')
    for charset in filter(None, (named, "utf-8-sig")):
        try:
            return content.decode(charset)
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("cp1252", "replace")


def upload(transport: Transport, url: str, content: bytes, content_type: str, permit: Permit) -> None:
    """Put a feed's content. A lost answer has submitted nothing, so it may be tried again."""
    try:
        transport.write(
            "PUT", url, operation="putFeedDocument", permit=permit, headers={"content-type": content_type}, body=content
        )
    except Unknown as error:
        raise Retry(f"the feed's document could not be uploaded, so nothing was submitted: {error}") from error
