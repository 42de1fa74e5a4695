"""What a buyer writes on WhatsApp comes to our own door by a signed push, and is in the inbox after the next pull."""

import time

import pytest
from pytest_django.live_server_helper import LiveServer

from connectors import account as account_module
from connectors import webhooks
from connectors.intake import onboarding
from connectors.models import Conversation, Feed, Message, WebhookEvent
from connectors.pull import pull
from connectors.transport.throttle import LocalBucket
from connectors.twin.client import TwinClient
from connectors.twin.server import serve
from opsroom.management.commands.connect_twin import push_addresses

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_buyers_words_reach_the_inbox_through_the_door(
    live_server: LiveServer, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PUBLIC_URL", live_server.url)
    monkeypatch.setattr(account_module, "SharedBucket", lambda client, name, start: LocalBucket(start))
    monkeypatch.setattr(webhooks.drain_webhooks, "apply_async", lambda **_: None)
    with serve("company", seed=7, orders=20, has_limits=False) as twin:
        row = next(row for row in twin.accounts() if row["kind"] == "whatsapp")
        shop = onboarding.connect(row)
        client = TwinClient(twin.url)
        client.push_to(push_addresses([shop]))
        client.advance(90)  # Meta tries again what nobody took
        written = {
            line.text for talk in twin.market.chat.on("whatsapp") for line in talk.lines
            if line.is_buyer and line.at > twin.market.now - 6 * 86_400
        }  # fmt: skip
        until = time.monotonic() + 20
        while WebhookEvent.objects.count() < len(written) and time.monotonic() < until:
            time.sleep(0.05)  # the pushes come from the market's own thread
        client.close()
        pull(Feed.objects.get(shop=shop, name="messages").pk)
    assert written
    assert written <= set(Message.objects.filter(shop=shop).values_list("text", flat=True))
    assert Conversation.objects.filter(shop=shop, channel="chat").exists()
    assert Feed.objects.get(shop=shop, name="messages").last_good_at is not None
