"""Gmail by Google's discovery document, Google Ads by the published .proto files."""

from decimal import Decimal

import httpx
import orjson

from connectors.money import Money
from connectors.operations import SendMessage, SetCampaign, SetCampaignBudget
from connectors.proof import protos
from connectors.proof.shared import Shared
from connectors.proof.specs import Discovery
from connectors.proof.stand import Stand
from connectors.proof.tally import Tally
from connectors.shops.messages.gmail import Gmail
from connectors.types import Campaign, Conversation, Direction, Message


def answer_to(rows: list[Message], talks: list[Conversation]) -> SendMessage:
    """A reply into the thread of a letter that came in."""
    asked = next(row for row in rows if row.direction is Direction.IN)
    talk = next(row for row in talks if row.external_id == asked.conversation_ref)
    return SendMessage(
        to=talk.address, subject=f"Re: {talk.subject}", text="It left today.", conversation_ref=talk.external_id,
        in_reply_to=asked.message_id, references=(asked.message_id,),
    )  # fmt: skip


def gmail(stand: Stand, shared: Shared, tally: Tally) -> None:
    judge, shop = Discovery(shared.contract("gmail/gmail.v1.json")), stand.shops["gmail"]
    pages = list(shop.pull("messages", ""))
    rows = [row for page in pages for row in page.records]
    operation = answer_to(
        [row for row in rows if isinstance(row, Message)], [row for row in rows if isinstance(row, Conversation)]
    )
    stand.do("gmail", operation)
    list(shop.pull("messages", pages[-1].cursor))
    shop.fetch(Conversation, operation.conversation_ref)
    if isinstance(shop, Gmail):
        shop.client.watch("projects/lumen-and-loft/topics/mail")
    made = [one for one in stand.exchanges("gmail") if one[0].url.path.startswith("/gmail/gmail/")]
    tally.judged(len(made), len(made), judge.judge(made, mount="/gmail"))


def google_ads(stand: Stand, shared: Shared, tally: Tally) -> None:
    judge, shop = protos.read(shared.contract("google-ads/v25")), stand.shops["google_ads"]
    for feed in shop.feeds:
        list(shop.pull(feed.name, ""))
    refs = [row.external_id for row in stand.read("google_ads", "campaigns", Campaign)]
    stand.do("google_ads", SetCampaign(campaign_ref=refs[1], is_active=False))
    stand.do("google_ads", SetCampaignBudget(campaign_ref=refs[4], daily=Money(Decimal(12), "USD")))
    judged, faults = 0, list[str]()
    for request, response in stand.exchanges("google_ads"):
        kinds = call_of(judge, request)
        if kinds is None:  # a token, or a service whose file is not among the published part
            continue
        judged += 1
        faults += [f"{request.url.path} request{one}" for one in judge.faults(kinds[0], orjson.loads(request.content))]
        faults += [f"{request.url.path} reply{one}" for one in judge.faults(kinds[1], orjson.loads(response.content))]
    tally.judged(judged, judged, faults)


def call_of(spec: protos.Protos, request: httpx.Request) -> tuple[str, str] | None:
    """(request message, reply message) of a call; None where its service is not published."""
    service = request.url.path.rpartition("/")[2]
    return next((kinds for path, kinds in spec.calls.items() if path.endswith(f"/{service}")), None)
