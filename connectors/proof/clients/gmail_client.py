"""google-api-python-client with Google's own discovery document."""

import base64
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from connectors.proof.clients.told import Step
from connectors.proof.shared import Shared
from connectors.proof.stand import Stand

MESSAGE_ID = "<sdk-1@lumenandloft.example>"


def session(stand: Stand, shared: Shared) -> Iterator[Step]:
    row, sign_in = stand.rows["gmail"], Credentials
    credentials: Any = sign_in(row["credentials"]["access_token"])  # type: ignore[no-untyped-call]
    service = build_from_document(
        shared.contract("gmail/gmail.v1.json").read_text(encoding="utf-8"), credentials=credentials,
        client_options={"api_endpoint": row["base_url"]},
    )  # fmt: skip
    try:
        yield from calls(service.users())
    finally:
        service.close()


def calls(google: Any) -> Iterator[Step]:
    profile = google.getProfile(userId="me").execute()
    yield "getProfile", "@" in profile["emailAddress"]
    ids, call = [], google.messages().list(userId="me", maxResults=200)
    while call is not None:
        answer = call.execute()
        ids += [row["id"] for row in answer.get("messages", [])]
        call = google.messages().list_next(call, answer)
    yield "messages.list", len(ids) == len(set(ids)) == profile["messagesTotal"]
    whole = google.messages().get(userId="me", id=ids[0], format="full").execute()
    names = {row["name"] for row in whole["payload"]["headers"]}
    yield "messages.get", {"From", "To", "Subject", "Message-ID"} <= names
    raw = base64.urlsafe_b64decode(google.messages().get(userId="me", id=ids[0], format="raw").execute()["raw"])
    yield "messages.get (raw)", b"Message-ID: " in raw
    body = {"raw": base64.urlsafe_b64encode(letter(profile["emailAddress"])).decode()}
    sent = google.messages().send(userId="me", body=body).execute()
    yield "messages.send", bool(sent["threadId"])
    news = google.history().list(userId="me", startHistoryId=profile["historyId"]).execute()
    added = [row["message"]["id"] for one in news["history"] for row in one.get("messagesAdded", [])]
    yield "history.list", sent["id"] in added
    thread = google.threads().get(userId="me", id=sent["threadId"]).execute()
    yield "threads.get", [row["id"] for row in thread["messages"]] == [sent["id"]]
    changed = google.messages().modify(userId="me", id=ids[0], body={"removeLabelIds": ["UNREAD"]}).execute()
    yield "messages.modify", "UNREAD" not in changed["labelIds"]
    labels = {row["id"] for row in google.labels().list(userId="me").execute()["labels"]}
    yield "labels.list", labels >= {"INBOX", "SENT"}
    try:
        google.messages().get(userId="me", id="none").execute()
    except HttpError as error:
        yield "a refusal", (error.status_code, error.reason) == (404, "Requested entity was not found.")
    else:
        yield "a refusal", False


def letter(sender: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "ann@example.com", "From the client"
    mail["Message-ID"] = MESSAGE_ID
    mail.set_content("hello")
    return mail.as_bytes()
