"""Gmail: history and its end, letters read and sent once, errors sorted, drift, pushes that only Google can sign."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from connectors.base import CannotDo, NotApproved, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.consent import App, Asking
from connectors.http import HttpTransport
from connectors.operations import AcceptDispute, SendMessage
from connectors.registry import transport_for
from connectors.shops.messages.gmail import Gmail, push
from connectors.transport.redaction import Redactor
from connectors.twin.wire.gmail.pubsub import SERVICE_ACCOUNT, PubSub
from connectors.types import Account, BadRow, Conversation, Direction, Message, Sight
from tests.connectors.shops.stand import NOW, open_with, permit, reply

KEYS = {"access_token": "at", "refresh_token": "rt", "client_id": "id", "client_secret": "secret"}
ADDRESS = "help@shop.example"
THREAD = "19a0000000000001"
Answers = dict[str, Any]


def raw_mail(number: int, sender: str = "ann@example.com", **headers: str) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, ADDRESS, "Order #1042 late"
    mail["Message-ID"] = f"<m{number}@example.com>"
    mail["Date"] = "Sat, 21 Nov 2026 06:00:00 +0000"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(f"Where is it? ({number})")
    return base64.urlsafe_b64encode(mail.as_bytes()).decode().rstrip("=")  # padding is not guaranteed


def item(ref: str, number: int, *labels: str, **more: Any) -> dict[str, Any]:
    return {
        "id": ref, "threadId": THREAD, "labelIds": list(labels or ("INBOX",)), "historyId": "100",
        "internalDate": "1795240800000", "raw": raw_mail(number), **more,
    }  # fmt: skip


def error(status: int, reason: str, message: str = "no") -> httpx.Response:
    rows = [{"domain": "global", "reason": reason, "message": message}]
    return reply({"error": {"code": status, "message": message, "errors": rows, "status": "X"}}, status)


def serving(answers: Answers, asked: list[httpx.Request] | None = None) -> Callable[[httpx.Request], httpx.Response]:
    """Answers by "METHOD path" below the user; a list is answered in turn."""

    def answer(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        name = f"{request.method} {request.url.path.removeprefix('/gmail/v1/users/me/')}"
        found = answers[name]
        found = found.pop(0) if isinstance(found, list) else found
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else reply(found)

    return answer


def gmail(answers: Answers, asked: list[httpx.Request] | None = None, **account: Any) -> Gmail:
    made = open_with(serving(answers, asked), "gmail", KEYS, **account)
    made.account = Account("gmail", 1, "Mail", ADDRESS, "", credentials=KEYS, settings=account.get("settings", {}))
    assert isinstance(made, Gmail)
    return made


def cursor(history: str = "100", listing: str | None = None, watch: int = 0, listed_at: int = 0) -> str:
    mark = {"history": history, "listing": listing, "listed_at": listed_at, "read_at": 1795240800, "watch_until": watch}
    return orjson.dumps(mark).decode()


FIRST = {
    "GET profile": {"emailAddress": ADDRESS, "historyId": "100"},
    "GET messages": {"messages": [{"id": "b", "threadId": THREAD}, {"id": "a", "threadId": THREAD}]},
    "GET messages/a": item("a", 1),
    "GET messages/b": item("b", 2, "SENT"),
}


def test_the_first_read_lists_the_span_oldest_first_and_ends_at_the_history_id() -> None:
    asked: list[httpx.Request] = []
    [page] = gmail(FIRST, asked).pull("messages", "")
    messages = [row for row in page.records if isinstance(row, Message)]
    assert [(row.external_id, row.direction, row.conversation_ref) for row in messages] == [
        ("a", Direction.IN, THREAD), ("b", Direction.OUT, THREAD),
    ]  # fmt: skip
    assert messages[0].message_id == "<m1@example.com>"
    assert messages[0].sent_at == datetime(2026, 11, 21, 6, tzinfo=UTC)
    [talk] = {row.external_id: row for row in page.records if isinstance(row, Conversation)}.values()
    assert (talk.channel, talk.subject, talk.order_ref) == ("mail", "Order #1042 late", "#1042")
    assert (page.seen, page.count_at_source, page.is_last) == (2, 2, True)
    assert orjson.loads(page.cursor) == {
        "history": "100", "listing": None, "listed_at": int(NOW.timestamp()), "read_at": int(NOW.timestamp()),
        "watch_until": 0,
    }  # fmt: skip
    since = int((NOW - timedelta(days=30)).timestamp())
    assert asked[1].url.params["q"] == f"after:{since} -in:drafts -in:chats"
    assert asked[0].headers["authorization"] == "Bearer at"


def test_a_listing_that_was_broken_off_goes_on_behind_the_last_stored_letter() -> None:
    asked: list[httpx.Request] = []
    [page] = gmail(FIRST, asked).pull("messages", cursor(listing="a"))
    assert {row.external_id for row in page.records} == {"b", THREAD}
    assert [request.url.path.rpartition("/")[2] for request in asked] == ["messages", "b"]
    assert page.count_at_source == 2


def test_what_the_search_had_not_found_at_the_listing_is_looked_for_once_more() -> None:
    asked: list[httpx.Request] = []
    now = int(NOW.timestamp())
    answers = {**FIRST, "GET history": {"historyId": "100"}}
    [page] = gmail(answers, asked).pull("messages", cursor(listed_at=now - 60))
    assert (page.records, orjson.loads(page.cursor)["listed_at"]) == ((), now - 60)
    first, last = gmail(answers, asked).pull("messages", cursor(listed_at=now - 130))
    assert ({row.external_id for row in first.records}, first.is_last) == ({"a", "b", THREAD}, False)
    assert (last.records, orjson.loads(last.cursor)["listed_at"]) == ((), 0)
    assert asked[1].url.params["q"].startswith(f"after:{now - 250} ")


def test_changes_bring_what_came_and_what_left_spam_and_nothing_twice() -> None:
    moved = {"message": {"id": "s", "threadId": THREAD, "labelIds": ["INBOX"]}, "labelIds": ["INBOX"]}
    read = {"message": {"id": "a", "threadId": THREAD, "labelIds": ["INBOX"]}, "labelIds": ["STARRED"]}
    came = {"message": {"id": "n", "threadId": THREAD, "labelIds": ["INBOX", "UNREAD"]}}
    draft = {"message": {"id": "d", "threadId": THREAD, "labelIds": ["DRAFT"]}}
    gone = {"message": {"id": "g", "threadId": THREAD, "labelIds": ["INBOX"]}}
    answers = {
        "GET history": [
            {"history": [{"id": "101", "messagesAdded": [came, draft]}, {"id": "105", "messagesAdded": [came]}],
             "historyId": "120", "nextPageToken": "p2"},
            {"history": [{"id": "110", "labelsAdded": [moved, read], "messagesAdded": [gone]}], "historyId": "120"},
        ],
        "GET messages/n": item("n", 3),
        "GET messages/s": item("s", 4),
        "GET messages/g": error(404, "notFound"),
    }  # fmt: skip
    asked: list[httpx.Request] = []
    first, last = gmail(answers, asked).pull("messages", cursor())
    assert [row.external_id for row in (*first.records, *last.records) if isinstance(row, Message)] == ["n", "s"]
    assert (orjson.loads(first.cursor)["history"], first.is_last) == ("105", False)
    assert (orjson.loads(last.cursor)["history"], last.is_last) == ("120", True)
    assert parse_qs(urlsplit(str(asked[0].url)).query) == {
        "startHistoryId": ["100"], "maxResults": ["100"], "historyTypes": ["messageAdded", "labelAdded"],
    }  # fmt: skip


def test_a_history_page_without_rows_moves_the_mark_and_never_back() -> None:
    [page] = gmail({"GET history": {"historyId": "140"}}).pull("messages", cursor())
    assert (page.records, orjson.loads(page.cursor)["history"]) == ((), "140")
    [page] = gmail({"GET history": {"historyId": "90"}}).pull("messages", cursor())
    assert orjson.loads(page.cursor)["history"] == "100"


def test_a_history_that_is_forgotten_is_listed_again_from_the_last_good_read() -> None:
    asked: list[httpx.Request] = []
    answers = {**FIRST, "GET history": error(404, "notFound"), "GET profile": {"historyId": "900"}}
    old = orjson.dumps({"history": "1", "listing": None, "read_at": 1_780_000_000, "watch_until": 0}).decode()
    [page] = gmail(answers, asked).pull("messages", old)
    assert (page.seen, orjson.loads(page.cursor)["history"]) == (2, "900")
    assert asked[2].url.params["q"].startswith(f"after:{1_780_000_000 - 86_400} ")


def test_a_watch_is_renewed_before_it_ends_and_only_where_a_topic_is_set() -> None:
    ends = int((NOW + timedelta(days=7)).timestamp())
    answers = {"GET history": {"historyId": "100"}, "POST watch": {"historyId": "1", "expiration": str(ends * 1000)}}
    topic = {"settings": {"push_topic": "projects/p/topics/t"}}
    soon, late = (int((NOW + timedelta(days=days)).timestamp()) for days in (1, 6))
    for until, calls in ((soon, ["watch", "history"]), (late, ["history"])):
        asked: list[httpx.Request] = []
        [page] = gmail(answers, asked, **topic).pull("messages", cursor(watch=until))
        assert [request.url.path.rpartition("/")[2] for request in asked] == calls
        assert orjson.loads(page.cursor)["watch_until"] == (ends if calls[0] == "watch" else late)
    asked = []
    list(gmail(answers, asked).pull("messages", cursor()))
    assert len(asked) == 1


# -- drift ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"raw": None}, {"raw": 5}, {"raw": ""}, {"threadId": None}, {"threadId": 7}, {"internalDate": "soon"},
        {"internalDate": None}, {"labelIds": 5}, {"id": None}, {"internalDate": "9" * 30},
    ],
)  # fmt: skip
def test_a_letter_of_another_shape_is_quarantined_and_the_others_are_read(change: dict[str, Any]) -> None:
    [page] = gmail({**FIRST, "GET messages/a": item("a", 1) | change}).pull("messages", "")
    bad = [row for row in page.records if isinstance(row, BadRow)]
    assert ([row.kind for row in bad], page.seen, page.count_at_source) == (["message"], 2, 2)
    assert [row.external_id for row in page.records if isinstance(row, Message)] == ["b"]
    assert orjson.loads(bad[0].raw)["snippet" if "snippet" in change else "historyId"] == "100"


def test_a_new_label_and_new_fields_change_nothing() -> None:
    strange = item("a", 1, "INBOX", "CATEGORY_FROM_2027", classificationLabelValues=[{"labelId": "x"}], new={"a": 1})
    [page] = gmail({**FIRST, "GET messages/a": strange}).pull("messages", "")
    assert [row for row in page.records if isinstance(row, BadRow)] == []


@pytest.mark.parametrize(
    "answers",
    [
        {"GET profile": {"historyNumber": "1"}},
        {"GET profile": {"historyId": "abc"}},
        {"GET profile": "text"},
        {"GET messages": {"rows": [], "resultSizeEstimate": 2}},
        {"GET messages": {"messages": [{"ident": "a"}]}},
        {"GET messages": {"messages": [{"id": "a"}], "nextPageToken": "same"}},
    ],
)
def test_a_list_of_another_shape_is_drift_and_no_empty_mailbox(answers: Answers) -> None:
    with pytest.raises(Retry) as caught:
        list(gmail({**FIRST, **answers}).pull("messages", ""))
    assert caught.value.code in ("drift", "short_read")


@pytest.mark.parametrize("row", [{"id": "101", "messagesAdded": [{"msg": {}}]}, {"id": "x"}, 5, {"messagesAdded": 7}])
def test_a_history_of_another_shape_is_drift_and_moves_no_cursor(row: Any) -> None:
    body = {"history": [row], "historyId": "120", "nextPageToken": "p"}
    with pytest.raises(Retry) as caught:
        list(gmail({"GET history": body}).pull("messages", cursor()))
    assert caught.value.code == "drift"


# -- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "wait"),
    [
        (error(403, "rateLimitExceeded"), Retry, None),
        (error(403, "userRateLimitExceeded"), Retry, None),
        (error(403, "dailyLimitExceeded"), Retry, 3600.0),
        (error(429, "rateLimitExceeded", "User-rate limit exceeded (Mail sending)"), Retry, 3600.0),
        (error(403, "insufficientPermissions"), Reconnect, None),
        (error(403, "domainPolicy"), Refused, None),
        (error(401, "authError"), Reconnect, None),
        (error(400, "failedPrecondition"), Refused, None),
        (error(503, "backendError"), Retry, None),
        (httpx.Response(502, text="<html>"), Retry, None),
    ],
)
def test_each_error_is_sorted_by_its_reason(answer: httpx.Response, kind: type[Exception], wait: float | None) -> None:
    with pytest.raises(kind) as caught:
        gmail({"GET profile": answer}).check()
    assert getattr(caught.value, "after_seconds", None) == wait


def test_a_dead_refresh_token_asks_to_be_connected_again() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://oauth2.googleapis.com/token"
        form = {name: value for name, [value] in parse_qs(request.content.decode()).items()}
        assert form == {
            "grant_type": "refresh_token",
            "refresh_token": "rt",
            "client_id": "id",
            "client_secret": "secret",
        }
        return reply({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)

    made = open_with(answer, "gmail", KEYS)
    made.account = Account("gmail", 1, "Mail", ADDRESS, "", credentials=KEYS)
    assert isinstance(made, Gmail)
    with pytest.raises(Reconnect, match="connect the account again"):
        made.refresh()


def test_a_renewed_token_comes_with_the_keys_that_pushes_are_checked_against() -> None:
    google = PubSub(ADDRESS)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "www.googleapis.com":
            return reply(google.certs)
        return reply({"access_token": "at-2", "expires_in": 3599, "token_type": "Bearer"})

    made = open_with(answer, "gmail", KEYS)
    settings = {"push_service_account": SERVICE_ACCOUNT}
    made.account = Account("gmail", 1, "Mail", ADDRESS, "", credentials=KEYS, settings=settings)
    assert isinstance(made, Gmail)
    renewed = made.refresh()
    assert renewed.expires_at == NOW + timedelta(seconds=3599)
    assert {**renewed.credentials} == {**KEYS, "access_token": "at-2", "push_trust": google.trust}


# -- sending ----------------------------------------------------------------------------------------------------------

REPLY = SendMessage(
    to="ann@example.com", subject="Re: Order #1042 late", text="It left today. 🎁", conversation_ref=THREAD,
    in_reply_to="<m1@example.com>", references=("<m1@example.com>",),
)  # fmt: skip


def test_an_answer_stays_in_its_thread_and_can_be_found_again() -> None:
    asked: list[httpx.Request] = []
    answers = {"POST messages/send": {"id": "x1", "threadId": THREAD, "labelIds": ["SENT"]}}
    receipt = gmail(answers, asked).perform(REPLY, permit())
    assert receipt.reference == "x1"
    body = orjson.loads(asked[0].content)
    mail = base64.urlsafe_b64decode(body["raw"])
    assert body["threadId"] == THREAD
    assert b"Message-ID: <intent-0001@shop.example>\r\n" in mail
    assert b"X-Ops-Action: intent-0001\r\n" in mail
    assert b"In-Reply-To: <m1@example.com>\r\n" in mail


def test_a_letter_outside_of_any_thread_names_none() -> None:
    asked: list[httpx.Request] = []
    first = SendMessage(to="sup@example.com", subject="PO-7", text="Order", conversation_ref="<root@example.com>")
    gmail({"POST messages/send": {"id": "x1"}}, asked).perform(first, permit())
    assert "threadId" not in orjson.loads(asked[0].content)


def test_no_letter_leaves_without_an_approval_and_none_with_a_smuggled_header() -> None:
    asked: list[httpx.Request] = []
    shut = open_with(serving({}, asked), "gmail", KEYS, gate=closed_gate)
    shut.account = Account("gmail", 1, "Mail", ADDRESS, "", credentials=KEYS)
    with pytest.raises(NotApproved):
        shut.perform(REPLY, permit())
    with pytest.raises(Refused, match="nothing was sent"):
        gmail({}, asked).perform(SendMessage(to="a@b.c", subject="Hi\nBcc: x@y.z", text="t"), permit())
    with pytest.raises(CannotDo):
        gmail({}, asked).perform(AcceptDispute(dispute_ref="x"), permit())
    assert asked == []


@pytest.mark.parametrize(
    "ending",
    [httpx.ReadTimeout("slow"), error(503, "backendError"), httpx.Response(200, text="<html>"), reply({"ok": True})],
)
def test_a_send_without_a_clear_answer_is_unknown_and_not_repeated(ending: Any) -> None:
    asked: list[httpx.Request] = []
    with pytest.raises(Unknown):
        gmail({"POST messages/send": ending}, asked).perform(REPLY, permit())
    assert len(asked) == 1


NOWHERE = {"GET messages": {"resultSizeEstimate": 0}, f"GET threads/{THREAD}": {"messages": []}}


def test_a_sent_letter_is_seen_by_its_message_id() -> None:
    asked: list[httpx.Request] = []
    answers = {"GET messages": {"messages": [{"id": "x1"}]}, "GET messages/x1": {"id": "x1", "labelIds": ["SENT"]}}
    sighting = gmail(answers, asked).probe(REPLY, "intent-0001", NOW)
    assert (sighting.sight, sighting.reference) == (Sight.SEEN, "x1")
    assert asked[0].url.params["q"] == "rfc822msgid:intent-0001@shop.example"


def test_a_letter_whose_message_id_was_replaced_is_seen_by_its_key() -> None:
    headers = [{"name": "X-Ops-Action", "value": "intent-0001"}]
    rows = [{"id": "q", "labelIds": ["INBOX"], "payload": {"headers": headers}}]  # a copy that somebody sent back
    answers = {**NOWHERE, f"GET threads/{THREAD}": {"messages": rows}}
    assert gmail(answers).probe(REPLY, "intent-0001", NOW - timedelta(hours=1)).sight is Sight.ABSENT
    rows.append({"id": "x1", "labelIds": ["SENT"], "payload": {"headers": headers}})
    assert gmail(answers).probe(REPLY, "intent-0001", NOW).reference == "x1"


def test_absence_proves_nothing_while_the_index_may_be_behind() -> None:
    for thread in (NOWHERE, {**NOWHERE, f"GET threads/{THREAD}": error(404, "notFound")}):
        assert gmail(thread).probe(REPLY, "k", NOW - timedelta(seconds=30)).sight is Sight.UNCLEAR
        assert gmail(thread).probe(REPLY, "k", NOW - timedelta(minutes=3)).sight is Sight.ABSENT


def test_a_thread_is_read_by_its_last_letter_and_not_by_a_draft() -> None:
    rows = [{"id": "a", "labelIds": ["INBOX"]}, {"id": "b", "labelIds": ["SENT"]}, {"id": "d", "labelIds": ["DRAFT"]}]
    answers = {**FIRST, f"GET threads/{THREAD}": {"id": THREAD, "messages": rows}}
    talk = gmail(answers).fetch(Conversation, THREAD)
    assert talk is not None
    assert talk.last_direction is Direction.OUT
    assert gmail({f"GET threads/{THREAD}": error(404, "notFound")}).fetch(Conversation, THREAD) is None
    assert gmail({"GET messages/z": error(404, "notFound")}).fetch(Message, "z") is None


# -- connecting -------------------------------------------------------------------------------------------------------

ASKING = Asking("st4te", "https://ops.example/back", Gmail.read_scopes, verifier="v" * 43)
APP = App("gmail", {"client_id": "id", "client_secret": "secret"})


def test_the_consent_page_is_asked_for_a_lasting_permission_with_proof_of_who_asked() -> None:
    query = parse_qs(urlsplit(Gmail.consent(APP, ASKING)).query)
    assert Gmail.consent(APP, ASKING).startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert query["scope"] == ["https://www.googleapis.com/auth/gmail.readonly"]
    assert (query["access_type"], query["prompt"], query["state"]) == (["offline"], ["consent"], ["st4te"])
    assert (query["code_challenge"], query["code_challenge_method"]) == ([ASKING.challenge()], ["S256"])


def way_out(answer: Callable[[httpx.Request], httpx.Response]) -> HttpTransport:
    made = transport_for(Gmail, (), lambda: NOW)
    made.client, made.redact = httpx.Client(transport=httpx.MockTransport(answer)), Redactor()
    return made


def test_a_code_becomes_an_account_that_knows_its_address_and_its_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            form = parse_qs(request.content.decode())
            assert (form["code"], form["code_verifier"]) == (["c0de"], [ASKING.verifier])
            tokens = {"access_token": "a", "refresh_token": "r", "expires_in": 3599, "scope": Gmail.read_scopes[0]}
            return reply(tokens | {"refresh_token_expires_in": 604_799})
        assert request.headers["authorization"] == "Bearer a"
        return reply({"emailAddress": ADDRESS, "historyId": "1"})

    [grant] = Gmail.grant(APP, ASKING, {"code": "c0de", "state": "st4te"}, way_out(answer), lambda: NOW)
    assert (grant.external_id, grant.base_url, grant.scopes) == (
        ADDRESS, "https://gmail.googleapis.com", Gmail.read_scopes,
    )  # fmt: skip
    assert (grant.expires_at, grant.renewable_until) == (
        NOW + timedelta(seconds=3599), NOW + timedelta(seconds=604_799),
    )  # fmt: skip
    assert set(grant.credentials) == set(Gmail.credentials)


# -- pushes -----------------------------------------------------------------------------------------------------------

URL = "https://ops.example/webhooks/7/"


@pytest.fixture(scope="module")
def google() -> PubSub:
    return PubSub(ADDRESS)


def is_taken(google: PubSub, headers: dict[str, str], url: str = URL, trust: str = "", now: datetime = NOW) -> bool:
    lower = {name.lower(): value for name, value in headers.items()}
    return Gmail.verify(b"{}", lower, url, ("another secret", trust or google.trust), now)


def test_a_push_that_google_signed_for_this_address_is_taken(google: PubSub) -> None:
    body, headers = google.envelope(4711, URL, NOW.timestamp())
    assert is_taken(google, headers)
    assert Gmail.event_id(body, {}) == "0000000000000001"
    assert Gmail.touched(body, {}) == ("messages",)
    assert Gmail.event_id(b"not json", {}) == Gmail.event_id(b"not json", {}) != ""


def test_a_push_that_is_forged_old_or_meant_for_another_is_not(google: PubSub) -> None:
    _, headers = google.envelope(1, URL, NOW.timestamp())
    head, claims, signature = headers["Authorization"].removeprefix("Bearer ").split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"twin-2026-11"}').decode().rstrip("=")
    other = PubSub(ADDRESS)
    forged = {
        "another address": is_taken(google, headers, url="https://ops.example/webhooks/8/"),
        "too old": is_taken(google, headers, now=NOW + timedelta(hours=2)),
        "from the future": is_taken(google, headers, now=NOW - timedelta(hours=2)),
        "another's key": is_taken(google, {"Authorization": f"Bearer {other.token(URL, NOW.timestamp())}"}),
        "another account": is_taken(google, headers, trust=push.trust_in(google.certs, "else@where.example")),
        "unsigned": is_taken(google, {"Authorization": f"Bearer {none}.{claims}."}),
        "another payload": is_taken(google, {"Authorization": f"Bearer {head}.{head}.{signature}"}),
        "no token": is_taken(google, {}),
        "rubbish": is_taken(google, {"Authorization": "Bearer a.b.c"}),
        "no keys": is_taken(google, headers, trust=push.trust_in({}, SERVICE_ACCOUNT)),
    }
    assert [name for name, taken in forged.items() if taken] == []


def test_the_page_for_doing_it_by_hand_opens_the_thread() -> None:
    account = Account("gmail", 1, "Mail", ADDRESS, "")
    assert Gmail.by_hand(REPLY, account) == f"https://mail.google.com/mail/u/?authuser={ADDRESS}#all/{THREAD}"
