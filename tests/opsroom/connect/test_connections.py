"""Connections, one's own profile and the theme."""

from collections.abc import Callable

import pytest
from django.test import Client

from opsroom.people.models import User
from tests.journeys import scene

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]


def test_a_stale_feed_says_what_is_wrong_and_what_to_do(client_for: ClientFor, viewer: User) -> None:
    harbour, _ = scene.shops()
    scene.stale(harbour)
    page = client_for(viewer).get("/connections/").text
    assert "1 feed cannot be trusted now; about $320 may be hidden" in page
    assert "does not answer, last read whole 3 h ago, 12 failed pulls" in page
    assert "We keep trying" in page
    assert "503 Service Unavailable" in page


def test_everybody_sets_their_own_hour_zone_and_keys(client_for: ClientFor, viewer: User) -> None:
    data = {"name": "Lin", "time_zone": "Asia/Jakarta", "digest_hour": "6", "wants_digest": "on"}
    assert client_for(viewer).post("/profile/", data).headers["Location"] == "/profile/"
    viewer.refresh_from_db()
    assert (viewer.name, viewer.time_zone, viewer.digest_hour) == ("Lin", "Asia/Jakarta", 6)
    assert not viewer.keyboard_shortcuts


@pytest.mark.parametrize("change", [{"digest_hour": "24"}, {"time_zone": "Mars/Base"}])
def test_a_profile_that_cannot_be_is_refused(client_for: ClientFor, viewer: User, change: dict[str, str]) -> None:
    data = {"name": "Lin", "time_zone": "UTC", "digest_hour": "6"} | change
    assert client_for(viewer).post("/profile/", data).status_code == 422
    viewer.refresh_from_db()
    assert viewer.name == "Viewer"


def test_a_profile_never_changes_the_role(client_for: ClientFor, viewer: User) -> None:
    data = {"name": "Lin", "time_zone": "UTC", "digest_hour": "6", "role": "owner", "email": "x@example.com"}
    client_for(viewer).post("/profile/", data)
    viewer.refresh_from_db()
    assert (viewer.role, viewer.email) == ("viewer", "viewer@example.com")


def test_the_theme_goes_round_and_returns_only_to_our_own_pages(client_for: ClientFor, viewer: User) -> None:
    client = client_for(viewer)
    for theme in ("light", "dark", ""):
        answer = client.post("/theme/", {"next": "https://elsewhere.example/"})
        assert answer.headers["Location"] == "/"
        assert client.cookies["theme"].value == theme
    assert client.post("/theme/", {"next": "/history/"}).headers["Location"] == "/history/"
