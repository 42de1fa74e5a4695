"""Letters as the API shows them: minimal, metadata, full, raw."""

from base64 import urlsafe_b64encode
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from connectors.twin.wire.gmail.box import Event, Letter

FORMATS = ("minimal", "full", "raw", "metadata")
SYSTEM_LABELS = ("INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT", "CHAT")
HISTORY_KEYS = {
    "messageAdded": "messagesAdded", "messageDeleted": "messagesDeleted", "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}  # fmt: skip
Json = dict[str, Any]


def reference(letter: Letter) -> Json:
    return {"id": letter.id, "threadId": letter.thread_id}


def message(letter: Letter, form: str = "full", wanted: frozenset[str] = frozenset()) -> Json:
    """`wanted` are the header names of format metadata, in lower case; empty for all."""
    shown: Json = {
        **reference(letter), "labelIds": list(letter.labels), "snippet": " ".join(letter.mail.text.split())[:190],
        "historyId": str(letter.history), "internalDate": str(letter.arrived * 1000), "sizeEstimate": len(letter.raw),
    }  # fmt: skip
    if form == "raw":
        return shown | {"raw": urlsafe_b64encode(letter.raw).decode()}
    if form == "minimal":
        return shown
    mail = message_from_bytes(letter.raw, policy=policy.SMTP)
    headers = [
        {"name": name, "value": str(value)}
        for name, value in mail.items()
        if form == "full" or not wanted or name.lower() in wanted
    ]
    if form == "metadata":
        return shown | {"payload": {"mimeType": mail.get_content_type(), "headers": headers}}
    return shown | {"payload": part(mail, "") | {"headers": headers}}


def part(mail: EmailMessage, place: str) -> Json:
    """One MIME part; the bytes of an attachment are fetched apart."""
    made: Json = {
        "partId": place, "mimeType": mail.get_content_type(), "filename": mail.get_filename() or "",
        "headers": [{"name": name, "value": str(value)} for name, value in mail.items()],
    }  # fmt: skip
    if mail.is_multipart():
        inner = [one for one in mail.iter_parts() if isinstance(one, EmailMessage)]
        parts = [part(one, f"{place}.{number}".strip(".")) for number, one in enumerate(inner)]
        return made | {"body": {"size": 0}, "parts": parts}
    content = mail.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    if made["filename"]:
        return made | {"body": {"size": len(data), "attachmentId": f"ANGjdJ{place or '0'}"}}
    return made | {"body": {"size": len(data), "data": urlsafe_b64encode(data).decode()}}


def attachment(letter: Letter, attachment_id: str) -> Json | None:
    mail = message_from_bytes(letter.raw, policy=policy.SMTP)
    found = _part_at(mail, attachment_id.removeprefix("ANGjdJ"))
    content = found.get_payload(decode=True) if found is not None else None
    if not isinstance(content, bytes):
        return None
    return {"size": len(content), "data": urlsafe_b64encode(content).decode()}


def _part_at(mail: EmailMessage, place: str) -> EmailMessage | None:
    for step in place.split(".") if mail.is_multipart() else ():
        parts = [one for one in mail.iter_parts() if isinstance(one, EmailMessage)]
        if not step.isdigit() or int(step) >= len(parts):
            return None
        mail = parts[int(step)]
    return mail


def history(event: Event) -> Json:
    message_ = {**reference(event.letter), "labelIds": list(event.letter.labels)}
    row = {"message": message_} | ({"labelIds": list(event.labels)} if event.labels else {})
    return {"id": str(event.id), "messages": [reference(event.letter)], HISTORY_KEYS[event.kind]: [row]}


def label(name: str, letters: list[Letter]) -> Json:
    mine = [letter for letter in letters if name in letter.labels]
    unread = [letter for letter in mine if "UNREAD" in letter.labels]
    return {
        "id": name, "name": name, "type": "system", "messagesTotal": len(mine), "messagesUnread": len(unread),
        "threadsTotal": len({letter.thread_id for letter in mine}),
        "threadsUnread": len({letter.thread_id for letter in unread}),
    }  # fmt: skip
