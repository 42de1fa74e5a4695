"""Klaviyo and WhatsApp by their OpenAPI documents."""

import orjson

from connectors.operations import RecordEvent, SendMessage, SendTemplate, SetCampaign
from connectors.proof.shared import Shared
from connectors.proof.specs import Exchange, faults_of
from connectors.proof.stand import Stand
from connectors.proof.tally import Tally
from connectors.types import Conversation, Customer, Direction, Message

WHATSAPP = "whatsapp/business-messaging-api_v23.0.yaml"


def klaviyo(stand: Stand, shared: Shared, tally: Tally) -> None:
    judge = shared.open_api("klaviyo/stable.json", closes=False)  # what one part closes another part adds to
    shop = stand.shops["klaviyo"]
    for feed in shop.feeds:
        list(shop.pull(feed.name, ""))
    someone = next(row for row in next(iter(shop.pull("profiles", ""))).records if isinstance(row, Customer))
    stand.do("klaviyo", RecordEvent(metric="Judged", email=someone.email, properties=(("order", "#1042"),)))
    stand.do("klaviyo", SetCampaign(campaign_ref="XwinbC", is_active=True))
    shop.check()
    made = [one for one in stand.exchanges("klaviyo") if one[0].url.path.startswith("/klaviyo/api/")]
    tally.judged(len(made), len(made), judge.judge(made, mount="/klaviyo"))


def whatsapp(stand: Stand, shared: Shared, tally: Tally) -> None:
    judge, shop = shared.open_api(WHATSAPP, closes=False), stand.shops["whatsapp"]
    listen(stand)
    talk = fresh_talk(stand)
    stand.do("whatsapp", SendMessage(to=talk.address, text="It left today."), settle_seconds=5)
    form = SendTemplate(to=talk.address, template="refund_sent", language="en", parameters=("Ann", "$5", "#1"))
    stand.do("whatsapp", form, settle_seconds=5)
    list(shop.pull("account_health", ""))
    shop.check()
    number, rest = list[Exchange](), list[Exchange]()
    for one in stand.exchanges("whatsapp"):
        if one[0].url.path.startswith("/whatsapp/v23.0/"):
            (number if one[0].url.path.count("/") == 3 else rest).append(one)
    tally.judged(len(rest), len(rest), judge.judge(rest, mount="/whatsapp"))
    info = {"$ref": "#/components/schemas/PhoneNumberInfo"}  # the document has no read of the number by itself
    faults = [fault for _, reply in number for fault in faults_of(judge.root, info, reply.json(), "phone number")]
    tally.judged(0, len(number), faults)
    told = statuses(stand)
    shape = {"$ref": "#/components/schemas/WebhookPayload"}
    tally.judged(0, len(told), [fault for body in told for fault in faults_of(judge.root, shape, body, "push")])


def listen(stand: Stand) -> None:
    """Let the market push what buyers wrote while nobody listened."""
    for _ in range(3):
        stand.wait(61)


def fresh_talk(stand: Stand) -> Conversation:
    """The conversation of a buyer who wrote within the last day, outside of which no free text is taken."""
    rows = [row for page in stand.shops["whatsapp"].pull("messages", "") for row in page.records]
    words = [row for row in rows if isinstance(row, Message) and row.direction is Direction.IN]
    latest = max(words, key=lambda row: row.sent_at)
    talks = [row for row in rows if isinstance(row, Conversation)]
    return next(row for row in talks if row.external_id == latest.conversation_ref)


def statuses(stand: Stand) -> list[object]:
    """The pushes about what we sent. What buyers write is not judged: for it the document asks for the fields of a
    message that is being sent."""
    bodies = [orjson.loads(push.body) for kind, push in stand.pushed if kind == "whatsapp"]
    return [body for body in bodies if "statuses" in body["entry"][0]["changes"][0]["value"]]
