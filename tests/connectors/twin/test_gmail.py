"""Gmail on the wire: our connector, Google's own client with its discovery document, and that document as the judge."""

import base64
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from connectors.base import Permit, Reconnect, Refused, Retry, Unknown
from connectors.consent import App, Asking
from connectors.http import Patience
from connectors.operations import SendMessage
from connectors.registry import open_connector, transport_for
from connectors.shops.messages.gmail import Gmail
from connectors.twin.server import TwinServer, serve
from connectors.twin.wire.google_sign_in import CLIENT_ID, CLIENT_SECRET
from connectors.types import Account, Conversation, Direction, Message, Record, Sight
from tests.connectors.consenting import answer as answer_consent
from tests.connectors.shops.stand import allow
from tests.contracts.specs import Discovery, Recorder, contract

SPAN = timedelta(days=4)  # a first read shorter than the real one, for the tests' speed


class Market:
    """A twin of the company that uses everything, our connector for its Gmail, and what went over the wire."""

    def __init__(self, server: TwinServer) -> None:
        self.server, self.recorder = server, Recorder()
        self.http = httpx.Client(transport=self.recorder, timeout=5)
        self.row = next(row for row in server.accounts() if row["kind"] == "gmail")
        self.gmail = self.open()

    def open(self, **credentials: str) -> Gmail:
        row = self.row
        account = Account(
            "gmail", 1, row["name"], row["external_id"], row["base_url"],
            settings={**row["settings"], "calls_per_second": 5_000}, credentials=row["credentials"] | credentials,
        )  # fmt: skip
        made = open_connector(
            account, clock=self.now, client=self.http, gate=allow, patience=Patience(attempts=1), sleep=lambda _: None
        )
        assert isinstance(made, Gmail)
        vars(made)["feeds"] = (replace(Gmail.feeds[0], first_span=SPAN),)
        return made

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server.clock.now(), UTC)

    def read(self, cursor: str = "") -> tuple[list[Record], str]:
        pages = list(self.gmail.pull("messages", cursor))
        assert pages[-1].is_last
        return [row for page in pages for row in page.records if isinstance(row, Record)], pages[-1].cursor

    def permit(self, key: str) -> Permit:
        return Permit(1, 1, "digest", key, 1, self.now() + timedelta(minutes=1))

    def effects(self) -> list[Any]:
        return [one for one in self.server.market.effects.since() if one.shop == "gmail"]

    def fail(self, operation: str, kind: str) -> None:
        self.server.faults.add({"shop": "gmail", "operation": operation, "kind": kind, "remaining": 1, "seconds": 0.2})


@pytest.fixture(scope="module")
def server() -> Iterator[TwinServer]:
    with serve("company", seed=7, orders=20, has_limits=False) as server:
        yield server


@pytest.fixture
def market(server: TwinServer) -> Iterator[Market]:
    server.faults.clear()
    market = Market(server)
    yield market
    market.http.close()


def answer_to(market: Market) -> SendMessage:
    rows, _ = market.read()
    asked = next(row for row in rows if isinstance(row, Message) and row.direction is Direction.IN)
    talk = next(row for row in rows if isinstance(row, Conversation) and row.external_id == asked.conversation_ref)
    return SendMessage(
        to=talk.address, subject=f"Re: {talk.subject}", text="It left today.", conversation_ref=talk.external_id,
        in_reply_to=asked.message_id, references=(asked.message_id,),
    )  # fmt: skip


def test_every_letter_of_the_span_is_read_once_and_later_ones_as_changes(market: Market) -> None:
    rows, cursor = market.read()
    post = market.server.market.post
    span = (market.now() - SPAN).timestamp()
    expected = [mail for folder in post.folders for mail in folder.mails if mail.date >= span]
    read = [row for row in rows if isinstance(row, Message)]
    assert len(read) == len({row.external_id for row in read}) == len(expected) > 20
    assert sum(row.direction is Direction.OUT for row in read) == sum(mail in post.sent.mails for mail in expected)
    again, later = market.read(cursor)
    assert (again, later >= cursor) == ([], True)


def test_an_answer_is_sent_once_into_its_thread_and_read_back(market: Market) -> None:
    operation = answer_to(market)
    _, cursor = market.read()
    before = len(market.effects())
    receipt = market.gmail.perform(operation, market.permit("intent-gmail-1"))
    [effect] = market.effects()[before:]
    assert (effect.operation, effect.subject, effect.reference) == (
        "send_mail", operation.to, "<intent-gmail-1@lumenandloft.example>",
    )  # fmt: skip
    sighting = market.gmail.probe(operation, "intent-gmail-1", market.now())
    assert (sighting.sight, sighting.reference) == (Sight.SEEN, receipt.reference)
    changes, _ = market.read(cursor)
    [mine] = [row for row in changes if isinstance(row, Message)]
    assert (mine.external_id, mine.direction, mine.conversation_ref, mine.text) == (
        receipt.reference, Direction.OUT, operation.conversation_ref, "It left today.",
    )  # fmt: skip
    talk = market.gmail.fetch(Conversation, operation.conversation_ref)
    assert talk is not None
    assert talk.last_direction is Direction.OUT


@pytest.mark.parametrize(
    ("fault", "effects", "sight"),
    [("reset_after", 1, Sight.SEEN), ("truncated", 1, Sight.SEEN), ("not_json", 1, Sight.SEEN),
     ("reset_before", 0, Sight.ABSENT), ("server_error", 0, Sight.ABSENT)],
)  # fmt: skip
def test_a_send_that_ended_unclear_is_settled_by_a_read(market: Market, fault: str, effects: int, sight: Sight) -> None:
    operation, key = answer_to(market), f"intent-{fault}"
    before = len(market.effects())
    market.fail("messages.send", fault)
    with pytest.raises(Unknown):
        market.gmail.perform(operation, market.permit(key))
    assert len(market.effects()) - before == effects
    assert market.gmail.probe(operation, key, market.now() - timedelta(minutes=5)).sight is sight


def test_a_forgotten_history_is_read_as_a_whole_again(market: Market) -> None:
    market.server.clock.set(advance_seconds=10)  # past the delay of the search
    rows, cursor = market.read()
    wire: Any = market.server.wires["gmail"]
    wire.box.dropped = wire.box.history + 1
    try:
        again, _ = market.read(cursor)
    finally:
        wire.box.dropped = 0
    assert {row.external_id for row in again} == {row.external_id for row in rows}


def test_faults_of_the_wire_are_sorted(market: Market) -> None:
    for fault, kind in (("rate_limited", Retry), ("expired_token", Reconnect), ("server_error", Retry)):
        market.fail("getProfile", fault)
        with pytest.raises(kind):
            market.gmail.check()
    assert market.gmail.check() == "signed in as help@lumenandloft.example"


def test_drifted_answers_crash_nothing(market: Market) -> None:
    """Each fault bends one field of one answer; what was read is read, quarantined, or asked for again."""
    _, cursor = market.read()
    for operation in ("getProfile", "messages.list", "messages.get", "history.list") * 2:
        market.fail(operation, "drifted")
        with contextlib.suppress(Retry, Refused):
            pages = list(market.gmail.pull("messages", "" if operation != "history.list" else cursor))
            assert pages[-1].is_last
        market.server.faults.clear()


def test_every_exchange_fits_the_discovery_document(market: Market) -> None:
    judge = Discovery(contract("gmail/gmail.v1.json"))
    operation = answer_to(market)
    _, cursor = market.read()
    market.gmail.perform(operation, market.permit("intent-judged"))
    market.gmail.probe(operation, "intent-judged", market.now())
    market.read(cursor)
    market.gmail.fetch(Conversation, operation.conversation_ref)
    market.gmail.client.watch("projects/lumen-and-loft/topics/mail")
    assert judge.judge(market.recorder.exchanges, mount="/gmail") == []
    paths = {request.url.path.removeprefix("/gmail/gmail/v1/users/me/") for request, _ in market.recorder.exchanges}
    assert {"profile", "messages", "history", "messages/send", "watch"} <= paths


# -- connecting -------------------------------------------------------------------------------------------------------


def visit(market: Market, *scopes: str) -> tuple[App, Asking, str]:
    base = market.row["base_url"]
    app = App("gmail", {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}, base, base)
    asking = Asking("st4te", "https://ops.example/back", scopes or Gmail.read_scopes, verifier="v" * 43)
    return app, asking, Gmail.consent(app, asking)


def test_the_consent_page_opens_the_mailbox_for_reading_alone(market: Market) -> None:
    app, asking, page = visit(market)
    callback = answer_consent(page)
    assert callback["state"] == "st4te"
    way = transport_for(Gmail, (), market.now)
    [grant] = Gmail.grant(app, asking, callback, way, market.now)
    assert (grant.external_id, grant.scopes) == ("help@lumenandloft.example", Gmail.read_scopes)
    reading = market.open(**grant.credentials)
    assert reading.check().startswith("signed in")
    before = len(market.effects())
    with pytest.raises(Reconnect, match="insufficient authentication scopes"):
        reading.perform(answer_to(market), market.permit("intent-unscoped"))
    assert len(market.effects()) == before
    renewed = reading.refresh()
    assert renewed.credentials["access_token"] != grant.credentials["access_token"]
    assert renewed.credentials["refresh_token"] == grant.credentials["refresh_token"]
    assert market.open(**renewed.credentials).check().startswith("signed in")
    with pytest.raises(Refused, match="start the connection again"):
        Gmail.grant(app, asking, callback, way, market.now)  # the code was used up


def test_a_person_who_denies_is_told_so(market: Market) -> None:
    app, asking, page = visit(market)
    with pytest.raises(Refused, match="did not allow"):
        Gmail.grant(app, asking, answer_consent(page, allows=False), transport_for(Gmail, (), market.now), market.now)


# -- Google's own client ----------------------------------------------------------------------------------------------


@pytest.fixture
def google(market: Market, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """google-api-python-client, unmodified, with the published discovery document."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sign_in: Any = Credentials
    service = build_from_document(
        contract("gmail/gmail.v1.json").read_text(encoding="utf-8"),
        credentials=sign_in(market.row["credentials"]["access_token"]),
        client_options={"api_endpoint": market.row["base_url"]},
    )
    yield service.users()
    service.close()


def test_the_official_client_reads_pages_searches_and_sends(market: Market, google: Any) -> None:
    profile = google.getProfile(userId="me").execute()
    ids, call = [], google.messages().list(userId="me", maxResults=50)
    while call is not None:
        answer = call.execute()
        ids += [row["id"] for row in answer.get("messages", [])]
        call = google.messages().list_next(call, answer)
    assert len(ids) == len(set(ids)) == profile["messagesTotal"]
    whole = google.messages().get(userId="me", id=ids[0], format="full").execute()
    names = {row["name"] for row in whole["payload"]["headers"]}
    assert {"From", "To", "Subject", "Message-ID"} <= names
    raw = base64.urlsafe_b64decode(google.messages().get(userId="me", id=ids[0], format="raw").execute()["raw"])
    assert b"Message-ID: " in raw

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = profile["emailAddress"], "ann@example.com", "From the client"
    mail["Message-ID"] = "<sdk-1@lumenandloft.example>"
    mail.set_content("hello")
    body = {"raw": base64.urlsafe_b64encode(mail.as_bytes()).decode()}
    sent = google.messages().send(userId="me", body=body).execute()
    assert market.effects()[-1].subject == "ann@example.com"
    news = google.history().list(userId="me", startHistoryId=profile["historyId"]).execute()
    assert [row["message"]["id"] for one in news["history"] for row in one["messagesAdded"]] == [sent["id"]]
    thread = google.threads().get(userId="me", id=sent["threadId"]).execute()
    assert [row["id"] for row in thread["messages"]] == [sent["id"]]
    changed = google.messages().modify(userId="me", id=ids[0], body={"removeLabelIds": ["UNREAD"]}).execute()
    assert "UNREAD" not in changed["labelIds"]
    assert {row["id"] for row in google.labels().list(userId="me").execute()["labels"]} >= {"INBOX", "SENT"}


def test_the_official_client_understands_the_errors(google: Any) -> None:
    with pytest.raises(HttpError) as caught:
        google.messages().get(userId="me", id="none").execute()
    assert (caught.value.status_code, caught.value.reason) == (404, "Requested entity was not found.")
    with pytest.raises(HttpError) as caught:
        google.history().list(userId="me", startHistoryId="1").execute()
    assert caught.value.status_code == 404
