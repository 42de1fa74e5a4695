"""WhatsApp's two writes, a free text and an approved template, and the pushes that tell what became of them.

There is no idempotency key, and no read finds a message whose reply was lost. The intent's key goes along as
`biz_opaque_callback_data`, which Meta repeats in the status pushes: those alone can settle a doubtful send.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Inbox, Permit, Refused
from connectors.operations import Operation, SendMessage, SendTemplate
from connectors.shops.messages.whatsapp import parse, reads
from connectors.shops.messages.whatsapp.client import Client
from connectors.shops.reading import UNREADABLE, Row
from connectors.types import MessageForm, Receipt, Sight, Sighting

LONGEST_TEXT, LONGEST_PARAMETER = 4_096, 1_024
USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]+")  # business-scoped user ids hold letters
PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
UNDER_WAY = ("sent", "delivered", "read", "played")
EARLY = timedelta(minutes=5)  # clocks differ


def recipient(to: str) -> str:
    """A number in digits, or a user id. Raises Refused."""
    digits = re.sub(r"[\s()+-]", "", to)
    if digits.isdigit() and 6 <= len(digits) <= 15:
        return digits
    if USER_ID.fullmatch(to):
        return to
    raise Refused(f"{to!r} is no phone number or user id; nothing was sent", code="address")


def head(to: str, kind: str, key: str) -> Row:
    return {
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": kind,
        "biz_opaque_callback_data": key,
    }  # fmt: skip


def send_text(client: Client, inbox: Inbox, operation: SendMessage, permit: Permit, now: datetime) -> Receipt:
    to = recipient(operation.to)
    if not operation.text.strip() or len(operation.text) > LONGEST_TEXT:
        raise Refused(f"the text must have 1 to {LONGEST_TEXT} characters; nothing was sent", code="text")
    if not reads.is_window_open(inbox, client.number, to, now):
        raise Refused(
            "more than 24 hours have passed since the buyer wrote, so WhatsApp takes no free text: use a template; "
            "nothing was sent",
            code="window_closed",
        )
    content = head(to, "text", permit.key) | {"text": {"body": operation.text, "preview_url": False}}
    if operation.in_reply_to:
        content["context"] = {"message_id": operation.in_reply_to}
    return client.send(content, permit)


def send_template(client: Client, operation: SendTemplate, permit: Permit) -> Receipt:
    to = recipient(operation.to)
    found = template(client, operation.template, operation.language)
    named = {"name": operation.template, "language": {"policy": "deterministic", "code": found["language"]}}
    components = filled(found, operation.parameters)
    form = named | ({"components": components} if components else {})
    return client.send(head(to, "template", permit.key) | {"template": form}, permit)


def template(client: Client, name: str, language: str) -> Row:
    """The approved form of that name. Raises Refused, where it cannot be sent, with what is there instead."""
    rows = client.rows("message_templates", f"{client.business}/message_templates", {"name": name})
    mine = [row for row in rows if isinstance(row, dict) and row.get("name") == name]  # the filter matches parts too
    fitting = [row for row in mine if language in ("", row.get("language"))]
    approved = [row for row in fitting if row.get("status") == "APPROVED"]
    if approved:
        return approved[0]
    known = ", ".join(f"{row.get('language')} {row.get('status')}" for row in mine) or "none of that name"
    raise Refused(f"template {name!r} {language} cannot be sent ({known}); nothing was sent", code="template")


def filled(found: Row, parameters: tuple[str, ...]) -> list[Row]:
    """The components with their places filled in order: header, body, then the ends of button links."""
    left = list(parameters)
    made: list[Row] = []
    try:
        for part, kind, places, more in fillable(found):
            if not places:
                continue
            given, left = left[: len(places)], left[len(places) :]
            if len(given) < len(places):
                raise Refused(f"the template's {part} has {len(places)} places, more than were filled", code="132000")
            made.append({"type": kind, **more, "parameters": [one(*pair) for pair in zip(places, given, strict=True)]})
    except UNREADABLE as error:
        raise Refused(f"the template's own form cannot be read ({error}); nothing was sent", code="drift") from error
    if left:
        raise Refused(f"{len(left)} more parameters than the template has places; nothing was sent", code="132000")
    return made


def fillable(found: Row) -> list[tuple[str, str, list[str], Row]]:
    """(part in words, component type, its places, what else the component says)."""
    rows: list[Any] = found.get("components") or []
    parts: list[tuple[str, str, list[str], Row]] = []
    for name in ("HEADER", "BODY"):
        for row in rows:
            if row["type"] == name and row.get("format", "TEXT") == "TEXT":
                parts.append((name.lower(), name.lower(), places_in(row.get("text")), {}))
            elif row["type"] == name:
                raise Refused(f"the template's header is of format {row['format']}, which is not sent", code="template")
    buttons = [button for row in rows if row["type"] == "BUTTONS" for button in row.get("buttons") or []]
    for place, button in enumerate(buttons):
        if button.get("type") == "URL":
            more = {"sub_type": "url", "index": str(place)}
            parts.append((f"button {button.get('text')}", "button", places_in(button.get("url")), more))
    return parts


def forms(client: Client, settings: Mapping[str, object]) -> tuple[MessageForm, ...]:
    """The approved forms that can be sent, once for each use that the shop's settings name under `templates`:
    situation → {"name": …, "places": ["{name}", "{order}", …]}."""
    found: list[MessageForm] = []
    for row in client.rows("message_templates", f"{client.business}/message_templates", {}):
        try:
            if row["status"] == "APPROVED":
                name, language, parts = str(row["name"]), str(row["language"]), texts(row)
                uses = uses_of(settings, name) or [("", ())]
                found += [MessageForm(name, language, parts, use=use, fills=fills) for use, fills in uses]
        except (Refused, *UNREADABLE):
            continue  # a form with a picture, or of another shape, is none that we could fill
    return tuple(found)


def uses_of(settings: Mapping[str, object], name: str) -> list[tuple[str, tuple[str, ...]]]:
    """(situation, patterns of its places) for which a template is set up."""
    asked = settings.get("templates")
    told = asked.items() if isinstance(asked, dict) else ()
    mine = [(str(use), given.get("places")) for use, given in told
            if isinstance(given, dict) and given.get("name") == name]  # fmt: skip
    return [(use, tuple(map(str, places)) if isinstance(places, list) else ()) for use, places in mine]


def texts(found: Row) -> tuple[str, ...]:
    """The texts whose places are filled, in the order of `fillable`. Raises what that raises."""
    fillable(found)
    rows: list[Any] = found.get("components") or []
    told = [str(row.get("text") or "") for name in ("HEADER", "BODY") for row in rows if row["type"] == name]
    buttons = [button for row in rows if row["type"] == "BUTTONS" for button in row.get("buttons") or []]
    return (*told, *(f"{one.get('text')}: {one.get('url')}" for one in buttons if one.get("type") == "URL"))


def places_in(text: Any) -> list[str]:
    return list(dict.fromkeys(PLACE.findall(str(text or ""))))


def one(place: str, value: str) -> Row:
    """A text for one place; a named place is filled by its name. Raises Refused for what WhatsApp takes nowhere."""
    if not value.strip() or len(value) > LONGEST_PARAMETER or "\n" in value or "\t" in value or "    " in value:
        raise Refused(
            f"the text for place {place} is empty, longer than {LONGEST_PARAMETER}, or holds line breaks, tabs or four "
            "spaces; nothing was sent",
            code="132018",
        )
    return {"type": "text", "text": value} | ({} if place.isdigit() else {"parameter_name": place})


def see(inbox: Inbox, number: str, operation: Operation, key: str, since: datetime, now: datetime) -> Sighting:
    """What the status pushes say that carry our key. Their absence proves nothing: they may come days late. Nor is a
    failed message called absent: to send it again by itself is what Meta asks not to do."""
    failed = ""
    for push in inbox.since(reads.MESSAGES, since - EARLY, containing=key):
        for status in parse.records(push.body, number)[1]:
            if status.get("biz_opaque_callback_data") != key:
                continue
            if status.get("status") in UNDER_WAY:
                return Sighting(Sight.SEEN, str(status.get("id") or ""), f"WhatsApp says: {status['status']}", now)
            if status.get("status") == "failed":
                failed = reason(status)
    if failed:
        return Sighting(Sight.UNCLEAR, detail=f"WhatsApp did not deliver it: {failed}", read_at=now)
    return Sighting(Sight.UNCLEAR, detail="no push has told yet what became of it", read_at=now)


def reason(status: Row) -> str:
    errors = status.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return f"{first.get('code', '')} {first.get('title') or first.get('message') or 'no reason given'}".strip()
