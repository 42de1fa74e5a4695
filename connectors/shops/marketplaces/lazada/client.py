"""Signed calls to the Lazada Open Platform.

Every parameter but files is signed. POSTs send form fields; JSON and XML documents travel as one field. Several calls
that change something are documented as GET: `write` takes the method, and the retrying read never gets them.
"""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson

from connectors.base import Answer, Clock, Permit, Retry, Transport
from connectors.shops.marketplaces.lazada.signing import signature
from connectors.shops.marketplaces.lazada.ventures import Home, Venture, venture_of
from connectors.shops.reading import Row, currency_of
from connectors.transport.redaction import Redactor
from connectors.types import Account, Receipt

FORM = "application/x-www-form-urlencoded"
T = TypeVar("T")
Params = Mapping[str, object]


def text_of(value: object) -> str:
    """One parameter as Lazada takes it: lists and objects as JSON, booleans in lower case."""
    if isinstance(value, list | dict | bool):
        return orjson.dumps(value).decode()
    return str(value)


def signed(credentials: Mapping[str, str], path: str, params: Params, milliseconds: int) -> dict[str, str]:
    """All fields of one call. Empty ones are left out: the official SDKs differ on whether they are signed."""
    system = {"app_key": credentials["app_key"], "timestamp": str(milliseconds), "sign_method": "sha256"}
    if credentials.get("access_token"):
        system["access_token"] = credentials["access_token"]
    fields = system | {name: text_of(value) for name, value in params.items() if value not in ("", None)}
    return fields | {"sign": signature(credentials["app_secret"], path, fields)}


def operation_of(path: str) -> str:
    return path.lstrip("/")


class Client:
    def __init__(self, account: Account, transport: Transport, clock: Clock) -> None:
        self.account, self.transport, self.clock = account, transport, clock

    @property
    def venture(self) -> Venture:
        return venture_of(self.account.country)

    @property
    def home(self) -> Home:
        return Home(self.currency, self.venture.zone)

    @property
    def currency(self) -> str:
        return currency_of(self.account.currency or self.venture.currency)

    @property
    def now_ms(self) -> int:
        return int(self.clock().timestamp() * 1000)

    def address(self, path: str) -> str:
        return f"{self.account.base_url.rstrip('/')}{path}"

    def fields(self, path: str, params: Params) -> str:
        return urlencode(signed(self.account.credentials, path, params, self.now_ms))

    def get(self, path: str, params: Params) -> Row:
        """The whole body of a good answer."""
        url = f"{self.address(path)}?{self.fields(path, params)}"
        return whole(self.transport.read("GET", url, operation=operation_of(path)))

    def write(self, method: str, path: str, params: Params, permit: Permit) -> Answer:
        url, fields = self.address(path), self.fields(path, params)
        if method == "GET":
            return self.transport.write("GET", f"{url}?{fields}", operation=operation_of(path), permit=permit)
        return self.transport.write(
            "POST", url, operation=operation_of(path), permit=permit, headers={"Content-Type": FORM},
            body=fields.encode(),
        )  # fmt: skip

    def upload(self, path: str, content_type: str, body: bytes, permit: Permit) -> Answer:
        """A file as multipart: the other fields stay in the address, and the file is not signed."""
        url = f"{self.address(path)}?{self.fields(path, {})}"
        return self.transport.write(
            "POST", url, operation=operation_of(path), permit=permit, headers={"Content-Type": content_type}, body=body
        )

    def receipt(self, answer: Answer, reference: str) -> Receipt:
        body = answer.json()
        request_id = str(body.get("request_id") or "") if isinstance(body, dict) else ""
        return Receipt(reference, Redactor(self.account.credentials.values()).body(answer.body), request_id)


def whole(answer: Answer) -> Row:
    body: Any = answer.json()
    if not isinstance(body, dict):
        raise Retry("Lazada's answer is no object; its shape may have changed", code="drift")
    return body


def part(body: Row, name: str, kind: type[T]) -> T:
    """One part of an answer. Raises Retry where it is absent or of another type: an absent list is no empty list."""
    found = body.get(name)
    if not isinstance(found, kind):
        raise Retry(f"Lazada's answer holds no {kind.__name__} `{name}`; its shape may have changed", code="drift")
    return found
