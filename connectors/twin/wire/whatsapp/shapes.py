"""What Meta pushes about one phone number, as text with escaped letters: the bytes that it signs."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from connectors.twin.world.chat import Line, Talk
from connectors.twin.world.people import Person, person

Json = dict[str, Any]
COUNTRY = "US"  # whose buyers use the messenger


@dataclass(frozen=True, slots=True)
class News:
    """How far a message of ours has come. `error` is (code, title) where it failed; `callback` was sent along."""

    id: str
    to: str
    status: str
    at: int
    callback: str = ""
    error: tuple[int, str] | None = None


def wamid(line: Line) -> str:
    return "wamid." + base64.b64encode(f"HBgL{line.id}".encode()).decode().rstrip("=")


def buyer_of(talk: Talk) -> Person:
    return person(talk.buyer, COUNTRY)


def digits(phone: str) -> str:
    return "".join(letter for letter in phone if letter.isdigit())


def message(talk: Talk, line: Line) -> Json:
    buyer = buyer_of(talk)
    number = digits(buyer.phone)
    return {
        "contacts": [{"profile": {"name": buyer.name}, "wa_id": number}],
        "messages": [
            {"from": number, "id": wamid(line), "timestamp": str(line.at), "type": "text", "text": {"body": line.text}}
        ],
    }


def news(row: News) -> Json:
    told: Json = {"id": row.id, "status": row.status, "timestamp": str(row.at), "recipient_id": row.to}
    if row.callback:
        told["biz_opaque_callback_data"] = row.callback
    if row.error is not None:
        code, title = row.error
        told["errors"] = [{"code": code, "title": title, "message": title, "error_data": {"details": title}}]
    else:
        told["pricing"] = {"billable": False, "pricing_model": "PMP", "category": "service"}
    return {"statuses": [told]}


def envelope(value: Json, business: str, number: str, shown: str, field: str = "messages") -> bytes:
    whole = {
        "messaging_product": "whatsapp", "metadata": {"display_phone_number": shown, "phone_number_id": number},
        **value,
    }  # fmt: skip
    entry = {"id": business, "changes": [{"value": whole, "field": field}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode()
