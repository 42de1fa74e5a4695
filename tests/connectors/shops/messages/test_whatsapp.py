"""WhatsApp: pushes as the record, the 24 hours, templates and their places, endings, and answers of another shape."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from connectors.base import CannotDo, NotApproved, Push, Reconnect, Refused, Retry, Unknown, closed_gate
from connectors.operations import AcceptDispute, SendMessage, SendTemplate
from connectors.shops.messages.whatsapp import WhatsApp
from connectors.types import Account, AccountMetric, BadRow, Conversation, Direction, Message, MessageForms, Sight
from tests.connectors.shops.stand import NOW, open_with, permit, reply

KEYS = {
    "access_token": "token", "app_secret": "s3cret", "verify_token": "lantern", "phone_number_id": "106",
    "waba_id": "104",
}  # fmt: skip
ANN = "6591234567"
Answers = dict[str, Any]


def push(*values: dict[str, Any], field: str = "messages", number: str = "106") -> bytes:
    meta = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number, "display_phone_number": "1555"}}
    changes = [{"field": field, "value": meta | value} for value in values]
    return orjson.dumps({"object": "whatsapp_business_account", "entry": [{"id": "104", "changes": changes}]})


def wrote(text: str = "where is order #1042?", at: datetime = NOW, ref: str = "wamid.1", **more: Any) -> dict[str, Any]:
    row = {"from": ANN, "id": ref, "timestamp": str(int(at.timestamp())), "type": "text", "text": {"body": text}}
    return {"contacts": [{"wa_id": ANN, "profile": {"name": "Ann"}}], "messages": [row | more]}


def status(state: str, ref: str = "wamid.out", key: str = "", at: datetime = NOW, **more: Any) -> dict[str, Any]:
    row = {"id": ref, "status": state, "timestamp": str(int(at.timestamp())), "recipient_id": ANN, **more}
    return {"statuses": [row | ({"biz_opaque_callback_data": key} if key else {})]}


class Kept:
    """An inbox of these pushes, a minute apart, the last one now."""

    def __init__(self, *bodies: bytes) -> None:
        ago = range(len(bodies) - 1, -1, -1)
        self.pushes = [Push(NOW - timedelta(minutes=one), body) for one, body in zip(ago, bodies, strict=True)]

    def since(self, feed: str, moment: datetime, containing: str = "") -> Iterator[Push]:
        assert feed == "messages"
        return (one for one in self.pushes if one.received_at >= moment and containing.encode() in one.body)


HEARD = {"GET 104/subscribed_apps": {"data": [{"id": "99", "name": "Ops Room"}]}}


def whatsapp(answers: Answers, *bodies: bytes, asked: list[httpx.Request] | None = None, **more: Any) -> WhatsApp:
    def answer(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        found = answers[f"{request.method} {request.url.path.removeprefix('/v23.0/')}"]
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else reply(found)

    made = open_with(answer, "whatsapp", KEYS, **more)
    assert isinstance(made, WhatsApp)
    made.inbox = Kept(*bodies)
    return made


def pulled(*bodies: bytes) -> list[Any]:
    [page] = whatsapp(HEARD, *bodies).pull("messages", "")
    return list(page.records)


# -- reading ----------------------------------------------------------------------------------------------------------


def test_a_push_becomes_a_message_and_its_conversation() -> None:
    message, talk = pulled(push(wrote(context={"id": "wamid.0"})))
    assert (message.external_id, message.conversation_ref, message.author, message.text) == (
        "wamid.1", ANN, "Ann", "where is order #1042?",
    )  # fmt: skip
    assert (message.direction, message.sent_at, message.in_reply_to) == (Direction.IN, NOW, "wamid.0")
    assert (talk.external_id, talk.address, talk.customer_name, talk.order_ref, talk.channel) == (
        ANN, ANN, "Ann", "#1042", "chat",
    )  # fmt: skip
    assert talk.last_direction is Direction.IN


@pytest.mark.parametrize(
    ("kind", "content", "text", "attachments"),
    [
        ("image", {"id": "9", "caption": "cracked"}, "cracked", ("image",)),
        ("image", {"id": "9"}, "", ("image",)),
        ("document", {"id": "9", "filename": "bill.pdf"}, "", ("bill.pdf",)),
        ("audio", {"id": "9"}, "", ("audio",)),
        ("button", {"text": "Yes", "payload": "y"}, "Yes", ()),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": "Refund"}}, "Refund", ()),
        ("location", {"name": "Home", "address": "1 Road", "latitude": 1}, "Home, 1 Road", ("location",)),
        ("reaction", {"message_id": "wamid.0", "emoji": "👍"}, "👍", ()),
        ("hologram", {"depth": 3}, "", ("hologram",)),
    ],
)
def test_each_kind_of_message_is_read_as_far_as_it_has_words(
    kind: str, content: dict[str, Any], text: str, attachments: tuple[str, ...]
) -> None:
    more: dict[str, Any] = {"type": kind, kind: content}
    message, _ = pulled(push(wrote(**more)))
    assert (message.text, message.attachments) == (text, attachments)


def test_a_buyer_with_a_name_in_place_of_a_number_is_one_person() -> None:
    hidden = {"contacts": [{"user_id": "SG.abc123", "profile": {"name": "Ann"}}]}
    named: dict[str, Any] = {"from": "SG.abc123", "from_user_id": "SG.abc123"}
    message, talk = pulled(push(wrote(**named) | hidden))
    assert (message.conversation_ref, talk.address, talk.customer_name) == ("SG.abc123", "SG.abc123", "Ann")


def test_pushes_in_any_order_end_in_the_last_words() -> None:
    late, early = wrote("still waiting", NOW), wrote("hello", NOW - timedelta(hours=1), "wamid.0")
    talks = [row for row in pulled(push(late), push(early)) if isinstance(row, Conversation)]
    assert [row.last_message_at for row in talks] == [NOW]


def test_what_is_written_to_another_number_of_the_business_is_passed_over() -> None:
    assert (
        pulled(push(wrote(), number="107"), push({"event": "APPROVED"}, field="message_template_status_update")) == []
    )


def test_a_message_of_ours_answers_the_conversation_and_keeps_who_it_is() -> None:
    asked = wrote(at=NOW - timedelta(hours=2))
    rows = pulled(push(asked), push(status("sent")), push(status("delivered")), push(status("read")))
    ours = [row for row in rows if isinstance(row, Message) and row.direction is Direction.OUT]
    assert [(row.external_id, row.conversation_ref, row.text) for row in ours] == [("wamid.out", ANN, "")]
    talk = rows[-1]
    assert (talk.last_direction, talk.last_message_at, talk.customer_name, talk.order_ref) == (
        Direction.OUT, NOW, "Ann", "#1042",
    )  # fmt: skip


def test_an_answer_is_joined_to_words_that_were_read_by_an_earlier_pull() -> None:
    bodies = (push(wrote(at=NOW - timedelta(days=2))), *[push({})] * 10, push(status("sent")))
    mark = orjson.dumps({"until": NOW.isoformat(), "heard": NOW.isoformat()}).decode()
    [page] = whatsapp({}, *bodies).pull("messages", mark)
    talk = page.records[-1]
    assert isinstance(talk, Conversation)
    assert (talk.customer_name, talk.last_direction) == ("Ann", Direction.OUT)


def test_a_reply_written_in_the_phone_app_answers_too() -> None:
    echo = {
        "from": "1555",
        "to": ANN,
        "id": "wamid.e",
        "timestamp": "1795240900",
        "type": "text",
        "text": {"body": "Hi"},
    }
    [message] = pulled(push({"message_echoes": [echo]}, field="smb_message_echoes"))
    assert (message.direction, message.conversation_ref, message.text) == (Direction.OUT, ANN, "Hi")


def test_the_cursor_moves_to_the_last_push_and_reads_the_last_minutes_again() -> None:
    connector = whatsapp(HEARD, push(wrote(ref="wamid.1")), push(wrote(ref="wamid.2")))
    [page] = connector.pull("messages", "")
    assert orjson.loads(page.cursor) == {"until": NOW.isoformat(), "heard": NOW.isoformat()}
    [again] = whatsapp({}, push(wrote(ref="wamid.1")), push(wrote(ref="wamid.2"))).pull("messages", page.cursor)
    assert (again.seen, again.cursor) == (2, page.cursor)


def test_a_long_inbox_comes_in_pages() -> None:
    pages = list(whatsapp(HEARD, *(push(wrote(ref=f"wamid.{number}")) for number in range(450))).pull("messages", ""))
    assert [(page.seen, page.is_last) for page in pages] == [(200, False), (200, False), (50, True)]


def test_an_account_that_no_app_hears_fails_and_is_not_taken_for_a_quiet_one() -> None:
    deaf = whatsapp({"GET 104/subscribed_apps": {"data": []}}, push(wrote()))
    with pytest.raises(Refused, match="subscribe the app"):
        list(deaf.pull("messages", ""))
    with pytest.raises(Refused, match="subscribe the app"):
        deaf.check()


def test_quality_and_stopped_templates_are_figures_of_the_account() -> None:
    rows = [{"status": "APPROVED"}, {"status": "PAUSED"}, {"status": "REJECTED"}, {"status": "NEW_IN_2027"}, 5]
    answers = {
        "GET 106": {"id": "106", "quality_rating": "YELLOW"}, "GET 104/message_templates": {"data": rows},
    }  # fmt: skip
    [page] = whatsapp(answers).pull("account_health", "")
    figures = {row.name: row.value for row in page.records if isinstance(row, AccountMetric)}
    assert figures == {"quality_rating": 2, "stopped_templates": 2}
    [page] = whatsapp({**answers, "GET 106": {"quality_rating": "PURPLE"}}).pull("account_health", "")
    assert [row.value for row in page.records if isinstance(row, AccountMetric)] == [None, 2]


# -- drift ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"id": None}, {"id": 7}, {"timestamp": "soon"}, {"timestamp": None}, {"from": None}, {"type": None},
        {"text": None}, {"text": "bare"}, {"text": {"content": "renamed"}}, {"timestamp": "9" * 30},
    ],
)  # fmt: skip
def test_a_message_of_another_shape_is_quarantined_and_the_others_are_read(change: dict[str, Any]) -> None:
    value = wrote()
    value["messages"] = [value["messages"][0] | change, wrote(ref="wamid.2")["messages"][0]]
    rows = pulled(push(value))
    assert [row.kind for row in rows if isinstance(row, BadRow)] == ["message"]
    assert [row.external_id for row in rows if isinstance(row, Message)] == ["wamid.2"]


@pytest.mark.parametrize(
    "body",
    [
        b"not json", b"[]", b"{}", b'{"entry": 5}', b'{"entry": [{"changes": [{"field": "messages"}]}]}',
        push({"messages": {"0": {}}}), push({"messages": [5]}), push({"metadata": {}}),
        push({"statuses": [{"status": "sent"}]}),
    ],
)  # fmt: skip
def test_a_push_of_another_shape_is_kept_in_quarantine(body: bytes) -> None:
    rows = pulled(body, push(wrote()))
    assert len([row for row in rows if isinstance(row, BadRow)]) == 1
    assert len([row for row in rows if isinstance(row, Message)]) == 1


def test_a_new_status_and_new_fields_change_nothing() -> None:
    rows = pulled(push(wrote() | {"new": 1}), push(status("teleported")), push({"statuses": "none"}))
    assert len(rows) == 2


# -- pushes -----------------------------------------------------------------------------------------------------------


def is_taken(body: bytes, header: str, *secrets: str) -> bool:
    return WhatsApp.verify(body, {"x-hub-signature-256": header}, "https://x/", secrets, NOW)


@pytest.mark.parametrize(
    ("secret", "body", "digest"),
    [
        ("It's a Secret to Everybody", b"Hello, World!",
         "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
        ("secret", b"test", "0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914"),
    ],
)  # fmt: skip
def test_known_signatures_hold(secret: str, body: bytes, digest: str) -> None:
    assert is_taken(body, f"sha256={digest}", "another", secret)
    assert not is_taken(body + b" ", f"sha256={digest}", secret)
    assert not is_taken(body, f"sha1={digest}", secret)
    assert not is_taken(body, digest, secret)
    assert not is_taken(body, "sha256=", secret)
    assert not is_taken(body, "", secret)


def test_the_signature_is_over_the_bytes_as_they_came() -> None:
    body = rb'{"name":"\u00e9"}'
    digest = hmac.new(b"s", body, hashlib.sha256).hexdigest()
    assert is_taken(body, f"sha256={digest}", "s")
    assert not is_taken('{"name":"é"}'.encode(), f"sha256={digest}", "s")


def test_a_push_is_known_by_its_messages_and_news_and_names_its_feeds() -> None:
    assert WhatsApp.event_id(push(wrote(), status("sent")), {}) == "wamid.1: wamid.out:sent"
    assert WhatsApp.event_id(push(status("read")), {}) != WhatsApp.event_id(push(status("sent")), {})
    assert WhatsApp.touched(push(wrote()), {}) == ("messages",)
    assert WhatsApp.touched(push({}, field="phone_number_quality_update"), {}) == ("account_health",)
    assert WhatsApp.touched(b"rubbish", {}) == ("messages",)
    assert WhatsApp.event_id(b"rubbish", {}) == hashlib.sha256(b"rubbish").hexdigest()


def test_the_handshake_is_answered_only_to_who_knows_our_token() -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "lantern", "hub.challenge": "1158201444"}
    assert WhatsApp.challenge(asked, KEYS) == "1158201444"
    assert WhatsApp.challenge(asked | {"hub.verify_token": "lantérn"}, KEYS) is None
    assert WhatsApp.challenge(asked | {"hub.mode": "unsubscribe"}, KEYS) is None
    assert WhatsApp.challenge({"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": ""}, {}) is None


# -- sending ----------------------------------------------------------------------------------------------------------

TAKEN = {"messages": [{"id": "wamid.out", "message_status": "accepted"}], "contacts": [{"input": ANN, "wa_id": ANN}]}
REPLY = SendMessage(to=ANN, text="It left today. 🎁", conversation_ref=ANN, in_reply_to="wamid.1")
SEND = "POST 106/messages"


def test_a_free_text_goes_out_within_a_day_of_the_buyers_words() -> None:
    asked: list[httpx.Request] = []
    fresh = push(wrote(at=NOW - timedelta(hours=23)))
    receipt = whatsapp({SEND: TAKEN}, fresh, asked=asked).perform(REPLY, permit())
    assert (receipt.reference, receipt.is_final) == ("wamid.out", False)
    assert orjson.loads(asked[0].content) == {
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": ANN, "type": "text",
        "biz_opaque_callback_data": "intent-0001", "text": {"body": "It left today. 🎁", "preview_url": False},
        "context": {"message_id": "wamid.1"},
    }  # fmt: skip
    assert asked[0].headers["authorization"] == "Bearer token"


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        (REPLY, "use a template"),
        (SendMessage(to="nobody", text="Hi"), "no phone number"),
        (SendMessage(to=ANN, text=" "), "1 to 4096"),
        (SendMessage(to=ANN, text="x" * 4097), "1 to 4096"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_a_byte_leaves(operation: SendMessage, says: str) -> None:
    asked: list[httpx.Request] = []
    old = push(wrote(at=NOW - timedelta(hours=25)), status("sent"))
    with pytest.raises(Refused, match=says):
        whatsapp({}, old, push(status("read")), asked=asked).perform(operation, permit())
    assert asked == []


def test_nothing_leaves_without_an_approval() -> None:
    asked: list[httpx.Request] = []
    connector = whatsapp({}, push(wrote()), asked=asked, gate=closed_gate)
    with pytest.raises(NotApproved):
        connector.perform(REPLY, permit())
    with pytest.raises(CannotDo):
        connector.perform(AcceptDispute(dispute_ref="x"), permit())
    assert asked == []


def graph(code: int, status: int = 400, **more: Any) -> httpx.Response:
    return reply({"error": {"message": f"(#{code}) no", "type": "OAuthException", "code": code, **more}}, status)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (graph(131047, error_data={"details": "more than 24 hours have passed"}), Refused),
        (graph(131026), Refused), (graph(131049), Refused), (graph(132001, 404), Refused), (graph(368), Refused),
        (graph(130429, 429), Retry), (graph(131056), Retry), (graph(131048), Retry), (graph(80007), Retry),
        (graph(190, 401), Reconnect), (graph(200, 403), Reconnect), (graph(10, 403), Reconnect),
        (graph(131000, 500), Unknown), (graph(131016, 503), Unknown), (graph(99, 500), Unknown),
        (graph(555, is_transient=True), Unknown), (httpx.ReadTimeout("slow"), Unknown),
        (httpx.Response(200, text="<html>"), Unknown), (reply({"messages": []}), Unknown), (reply([]), Unknown),
        (reply({"messages": [{"id": "w", "message_status": "paused"}]}), Refused),
    ],
)  # fmt: skip
def test_each_ending_of_a_send_is_sorted_and_none_is_repeated(answer: Any, kind: type[Exception]) -> None:
    asked: list[httpx.Request] = []
    with pytest.raises(kind) as caught:
        whatsapp({SEND: answer}, push(wrote()), asked=asked).perform(REPLY, permit())
    assert len(asked) == 1
    assert type(caught.value) is kind


def form(name: str, state: str = "APPROVED", language: str = "en", *more: Any, body: str = "{{1}} {{2}}") -> Any:
    return {"name": name, "status": state, "language": language, "components": [{"type": "BODY", "text": body}, *more]}


LINK = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop"},
                                       {"type": "URL", "text": "See", "url": "https://x.example/{{1}}"}]}  # fmt: skip
TITLE = {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}
FORMS = [
    form("late_notice", "PENDING"), form("late"), form("late", language="id"), form("named", body="{{name}}: {{day}}"),
    form("rich", "APPROVED", "en", TITLE, LINK), form("late", "PAUSED", "de"),
    form("photo", "APPROVED", "en", {"type": "HEADER", "format": "IMAGE"}),
]  # fmt: skip


def sent_form(*parameters: str, template: str = "late", language: str = "en") -> dict[str, Any]:
    asked: list[httpx.Request] = []
    answers = {"GET 104/message_templates": {"data": FORMS}, SEND: TAKEN}
    operation = SendTemplate(to=f"+{ANN}", template=template, language=language, parameters=parameters)
    try:
        whatsapp(answers, asked=asked).perform(operation, permit())
    except Refused:
        assert [request.method for request in asked] == ["GET"]
        raise
    assert dict(asked[0].url.params) == {"name": template}
    found: dict[str, Any] = orjson.loads(asked[-1].content)["template"]
    return found


def text(value: str, **more: str) -> dict[str, str]:
    return {"type": "text", "text": value, **more}


def test_a_template_is_filled_in_order_after_the_window_has_closed() -> None:
    assert sent_form("Ann", "#1042") == {
        "name": "late", "language": {"policy": "deterministic", "code": "en"},
        "components": [{"type": "body", "parameters": [text("Ann"), text("#1042")]}],
    }  # fmt: skip
    assert sent_form("Ann", "2", language="id")["language"]["code"] == "id"


def test_named_places_headers_and_links_are_filled_too() -> None:
    assert sent_form("Ann", "Monday", template="named")["components"] == [
        {"type": "body", "parameters": [text("Ann", parameter_name="name"), text("Monday", parameter_name="day")]}
    ]
    assert sent_form("#1042", "Ann", "Monday", "track/7", template="rich")["components"] == [
        {"type": "header", "parameters": [text("#1042")]},
        {"type": "body", "parameters": [text("Ann"), text("Monday")]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [text("track/7")]},
    ]


def test_the_approved_forms_are_told_with_what_was_set_up_for_them() -> None:
    late = {"name": "late", "places": ["{name}", "by a day"]}
    settings = {"templates": {"late_shipment": late, "parcel_stuck": late, "other": "no form"}}
    drifted = [{"name": "late"}, "late", form("odd", body="") | {"components": 7}]
    whole = whatsapp({"GET 104/message_templates": {"data": [*FORMS, *drifted]}}, settings=settings)
    found = whole.fetch(MessageForms, ANN)

    assert found is not None
    uses = [(one.name, one.language, one.use, one.fills) for one in found.forms]
    fills = ("{name}", "by a day")
    assert uses[:4] == [
        ("late", language, use, fills) for language in ("en", "id") for use in ("late_shipment", "parcel_stuck")
    ]
    assert uses[4:] == [("named", "en", "", ()), ("rich", "en", "", ())]
    assert found.forms[-1].parts == ("Order {{1}}", "{{1}} {{2}}", "See: https://x.example/{{1}}")


@pytest.mark.parametrize(
    ("parameters", "template", "language", "says"),
    [
        (("Ann",), "late", "en", "2 places"),
        (("Ann", "1", "2"), "late", "en", "1 more parameters"),
        (("Ann", "a\nb"), "late", "en", "line breaks"),
        (("Ann", ""), "late", "en", "empty"),
        (("Ann", "1"), "late", "fr", "en APPROVED, id APPROVED, de PAUSED"),
        (("Ann", "1"), "late", "de", "cannot be sent"),
        (("Ann", "1"), "late_notice", "", "en PENDING"),
        (("Ann", "1"), "unheard", "", "none of that name"),
        (("Ann", "1"), "photo", "en", "format IMAGE"),
    ],
)
def test_a_template_that_does_not_fit_is_refused_unsent(
    parameters: tuple[str, ...], template: str, language: str, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        sent_form(*parameters, template=template, language=language)


@pytest.mark.parametrize(
    ("bodies", "sight", "says"),
    [
        ([push(status("sent", key="intent-0001"))], Sight.SEEN, "sent"),
        ([push(status("failed", key="intent-0001")), push(status("read", key="intent-0001"))], Sight.SEEN, "read"),
        ([push(status("failed", key="intent-0001", errors=[{"code": 131047, "title": "Re-engagement message"}]))],
         Sight.UNCLEAR, "did not deliver it: 131047 Re-engagement message"),
        ([push(status("sent", key="intent-0002"))], Sight.UNCLEAR, "no push"),
        ([push(status("sent", key="intent-00012"))], Sight.UNCLEAR, "no push"),
        ([], Sight.UNCLEAR, "no push"),
    ],
)  # fmt: skip
def test_a_doubtful_send_is_settled_by_the_pushes_that_carry_its_key(
    bodies: list[bytes], sight: Sight, says: str
) -> None:
    sighting = whatsapp({}, *bodies).probe(REPLY, "intent-0001", NOW - timedelta(minutes=5))
    assert sighting.sight is sight
    assert says in sighting.detail


def test_a_conversation_is_read_as_the_kept_pushes_tell_it() -> None:
    waiting = whatsapp({}, push(wrote(at=NOW - timedelta(hours=1)))).fetch(Conversation, ANN)
    answered = whatsapp({}, push(wrote(at=NOW - timedelta(hours=1))), push(status("sent"))).fetch(Conversation, ANN)
    assert waiting is not None
    assert answered is not None
    assert (waiting.last_direction, answered.last_direction) == (Direction.IN, Direction.OUT)
    assert whatsapp({}).fetch(Conversation, ANN) is None
    with pytest.raises(CannotDo):
        whatsapp({}).fetch(Message, "wamid.1")


def test_by_hand_opens_whatsapp_with_the_text_prepared() -> None:
    account = Account("whatsapp", 1, "W", "106", "", credentials=KEYS)
    assert (
        WhatsApp.by_hand(SendMessage(to=f"+{ANN}", text="Hi & bye"), account)
        == f"https://wa.me/{ANN}?text=Hi%20%26%20bye"
    )
    assert WhatsApp.by_hand(SendTemplate(to=ANN, template="late"), account).endswith("waba_id=104")


def test_the_keys_say_whose_number_they_open() -> None:
    seen = {"id": "106", "display_phone_number": "+1 555", "verified_name": "Lumen"}
    made = whatsapp({**HEARD, "GET 106": seen})
    assert (made.identify().external_id, made.identify().name, made.check()) == (
        "106",
        "Lumen +1 555",
        "Lumen at +1 555",
    )
    with pytest.raises(Refused, match="no phone number"):
        whatsapp({"GET 106": {"id": "106"}}).identify()


def test_times_are_utc() -> None:
    assert pulled(push(wrote()))[0].sent_at.tzinfo is UTC
