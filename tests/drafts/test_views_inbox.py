"""The list: ranked, narrow, complete over its pages, and honest about what it cannot see."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Alert
from drafts.models import Draft, Pause
from drafts.states import State, Tier
from opsroom.people.models import User
from tests.factories import AlertFactory, DraftFactory, FeedFactory, ShopFactory
from tests.journeys import scene

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(client_for: Callable[[User], Client], owner: User) -> Client:
    return client_for(owner)


def titles(page: str) -> list[str]:
    return [piece.split("</a>")[0] for piece in page.split('hx-push-url="true">')[1:]]


def test_signed_out_people_are_sent_to_sign_in(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/account/login/?next=/"
    assert "/account/login/" in client.get("/", headers=HTMX).headers["HX-Redirect"]


def test_the_costliest_wait_comes_first_and_decided_alerts_are_gone(desk: Client) -> None:
    AlertFactory.create(title="second", rank=5)
    AlertFactory.create(title="first", rank=9)
    AlertFactory.create(title="decided", rank=99, state=Alert.State.DECIDED)
    assert titles(desk.get("/").text) == ["first", "second"]


def test_pages_follow_one_another_without_gap_or_repeat_even_among_equal_ranks(desk: Client) -> None:
    shop = ShopFactory.create()
    AlertFactory.create_batch(70, shop=shop, rank=7.5)
    seen: list[str] = []
    address: str | None = ""
    while address is not None:
        response = desk.get(f"/{address}")
        seen += titles(response.text)
        address = response.context.get("more")
    assert len(seen) == len(set(seen)) == 70


def test_a_page_takes_eight_queries_and_forty_kilobytes(desk: Client) -> None:
    scene.desk()
    AlertFactory.create_batch(40, shop=ShopFactory.create(), title="A title as long as most of them are in practice")
    with CaptureQueriesContext(connection) as queries:
        page = desk.get("/")
    assert len(queries) <= 8
    assert len(page.content) <= 40_000


def test_a_row_says_what_is_ready_at_which_tier_and_who_wrote_it(desk: Client) -> None:
    DraftFactory.create(tier=Tier.SECOND_PERSON)
    page = desk.get("/").text
    assert all(words in page for words in ("Refund: ready", "two people", "by a template", "$240", "$180 – $310"))


def test_an_unknown_amount_is_called_unknown_and_never_zero(desk: Client) -> None:
    AlertFactory.create(cash_low=None, cash_likely=None, cash_high=None)
    page = desk.get("/").text
    assert '<span class="cash">unknown</span>' in page
    assert "$0" not in page


def test_the_list_narrows_by_words_shop_kind_tier_and_person(desk: Client, owner: User) -> None:
    mine = AlertFactory.create(title="Blue mug", assignee=owner, detector="stock_out")
    DraftFactory.create(alert=AlertFactory.create(title="Red mug"), tier=Tier.SECOND_FACTOR)
    for address in ("?q=blue", f"?shop={mine.shop_id}", "?detector=stock_out", "?mine=1"):
        assert titles(desk.get(f"/{address}").text) == ["Blue mug"], address
    assert titles(desk.get("/?tier=second_factor").text) == ["Red mug"]
    assert "Nothing matches" in desk.get("/?q=nothing+of+the+kind").text


@pytest.mark.parametrize(
    "address",
    ["?after=NaN,x", "?after=1", "?shop=abc", "?tier=bogus", "?shop=99999999999999999999", "?q=%00", "?detector=%00"],
)
def test_an_address_that_cannot_be_read_narrows_nothing(desk: Client, address: str) -> None:
    AlertFactory.create(title="still here")
    assert titles(desk.get(f"/{address}").text) == ["still here"]


def test_all_clear_is_said_only_while_every_feed_is_fresh(desk: Client) -> None:
    feed = FeedFactory.create(last_good_at=timezone.now(), next_pull_at=timezone.now())
    assert "All clear" in desk.get("/").text
    feed.last_good_at = timezone.now() - timedelta(hours=5)
    feed.save()
    page = desk.get("/").text
    assert "All clear" not in page
    assert "an unknown amount may be hidden" in page


def test_a_stale_feed_names_the_dollars_it_may_hide_and_greys_its_rows(desk: Client) -> None:
    harbour, _ = scene.shops()
    scene.stale(harbour)
    page = desk.get("/").text
    assert "about $320 may be hidden" in page
    assert 'class="row stale"' in page


def test_what_is_in_doubt_stands_at_the_top_with_a_way_to_settle_it(desk: Client) -> None:
    draft = scene.desk()["doubt"]
    page = desk.get("/").text
    assert page.index(f"/drafts/{draft.pk}/settle/") < page.index('class="rows"')


def test_a_pause_is_said_at_the_top(desk: Client, owner: User) -> None:
    ShopFactory.create()
    Pause.objects.create(by=owner, reason="stock count")
    assert "Nothing leaves" in desk.get("/").text


def test_text_from_outside_is_escaped(desk: Client) -> None:
    AlertFactory.create(title="<script>alert(1)</script>")
    page = desk.get("/").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_new_alerts_are_announced_and_an_unchanged_poll_is_304(desk: Client) -> None:
    known = AlertFactory.create()
    address = f"/fresh/?since={known.pk}&at={timezone.now().isoformat().replace('+', '%2B')}"
    first = desk.get(address, headers=HTMX)
    assert "new alert" not in first.text
    again = desk.get(address, headers=HTMX | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    AlertFactory.create(shop=known.shop)
    later = desk.get(address, headers=HTMX | {"If-None-Match": first.headers["ETag"]})
    assert "1 new alert" in later.text


def test_a_row_that_somebody_else_decided_comes_along_with_the_poll(desk: Client) -> None:
    draft = DraftFactory.create()
    at = timezone.now()
    Draft.objects.filter(pk=draft.pk).update(state=State.REJECTED, changed_at=timezone.now())
    page = desk.get(f"/fresh/?since={draft.alert_id}&at={at.isoformat().replace('+', '%2B')}", headers=HTMX).text
    assert f'<li id="alert-{draft.alert_id}" hx-swap-oob="true">' in page
    assert "Refund: rejected" in page
