"""Pictures that go along with a decision: given as data URLs (RFC 2397), sent as multipart/form-data (RFC 7578)."""

import base64
import binascii
from dataclasses import dataclass, field
from uuid import uuid4

from connectors.base import Refused

DATA_URL = "data:image/"


@dataclass(frozen=True, slots=True)
class Picture:
    """`kind` is the subtype of its media type: png, jpeg …"""

    kind: str
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        return f"image/{self.kind}"

    def as_form(self, name: str, fields: tuple[tuple[str, str], ...] = ()) -> tuple[str, bytes]:
        """(content type, body) of a form with these text fields and the picture under `name`."""
        boundary = uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{label}"\r\n\r\n{value}\r\n'.encode()
            for label, value in fields
        ]
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="evidence.{self.kind}"\r\n'
            f"Content-Type: {self.media_type}\r\n\r\n"
        )
        body = b"".join(parts) + head.encode() + self.content + f"\r\n--{boundary}--\r\n".encode()
        return f"multipart/form-data; boundary={boundary}", body


def is_data_url(image: str) -> bool:
    return image.startswith(DATA_URL)


def picture(image: str) -> Picture:
    """Raises Refused where the data URL is not base64."""
    kind, _, text = image.removeprefix(DATA_URL).partition(";base64,")
    try:
        return Picture(kind, base64.b64decode(text, validate=True))
    except binascii.Error as error:
        raise Refused("an evidence image is not base64") from error
