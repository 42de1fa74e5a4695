"""Documents: what feeds and reports put into files, each behind a link of its own that ends after five minutes."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from connectors.twin.wire.amazon.api import Amazon, Call
from connectors.twin.wire.amazon.words import missing

LINK_LIFE = 300
HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?")


@dataclass(slots=True)
class Document:
    id: str
    signature: str
    content: bytes = b""
    content_type: str = ""
    is_writable: bool = False
    is_packed: bool = False
    open_until: float = 0.0


def make(api: Amazon, content: bytes = b"", content_type: str = "", *, is_packed: bool = False) -> Document:
    """A new document; without content, a place that a feed's content is put to."""
    number = next(api.serial)
    id = f"amzn1.tortuga.4.{api.market.seed}-{number:06d}"
    packed = gzip.compress(content, mtime=0) if is_packed else content
    signature = hashlib.sha256(f"{api.market.seed} {id}".encode()).hexdigest()
    document = Document(id, signature, packed, content_type, not content, is_packed)
    api.documents[id] = document
    return document


def link(api: Amazon, call: Call, document: Document) -> str:
    """The link as the caller can reach it. A caller that names another host in its header is told the one it called."""
    document.open_until = api.market.now + LINK_LIFE
    named = call.request.headers.get("host", "")
    is_amazon = named.endswith(".amazon.com")
    host = named if HOST.fullmatch(named) and not is_amazon else call.request.address
    return f"http://{host}/{api.kind}/documents/{document.id}?X-Amz-Expires={LINK_LIFE}&X-Amz-Signature={document.signature}"


def shown(api: Amazon, call: Call, name: str) -> dict[str, Any]:
    """The answer that leads to a finished document."""
    document = api.documents.get(call.names[0])
    if document is None or document.is_writable:
        raise missing(call.names[0])
    row = {name: document.id, "url": link(api, call, document)}
    return row | ({"compressionAlgorithm": "GZIP"} if document.is_packed else {})
