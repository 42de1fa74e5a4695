"""Every right against every role, on a view of each right."""

from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from opsroom.people.access import requires
from opsroom.people.models import User
from opsroom.people.roles import RIGHTS, Right, Role

reached: list[str] = []


def page(right: Right) -> Any:
    @requires(right)
    def view(request: HttpRequest) -> HttpResponse:
        reached.append(str(right))
        return HttpResponse("done")

    return view


@pytest.fixture(autouse=True)
def nothing_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    reached.clear()
    refused = "opsroom.people.access.render"
    monkeypatch.setattr(
        refused, lambda request, template, context, status: HttpResponse(context["reason"], status=status)
    )


@pytest.mark.parametrize(("role", "right"), list(product(Role, Right)))
def test_a_view_opens_for_the_roles_with_its_right_alone(role: Role, right: Right, rf: RequestFactory) -> None:
    request = rf.post("/")
    request.user = User(email="ann@example.com", role=role)
    allowed = right in RIGHTS[role]
    answer = page(right)(request)
    assert answer.status_code == (200 if allowed else 403)
    assert reached == ([str(right)] if allowed else [])
    assert allowed or f"Your role is {role}" in answer.content.decode()


def test_a_stranger_is_sent_to_sign_in_and_comes_back(rf: RequestFactory) -> None:
    request = rf.get("/drafts/7/")
    request.user = AnonymousUser()
    assert page(Right.VIEW)(request)["Location"] == "/account/login/?next=/drafts/7/"
    assert reached == []


def test_htmx_is_told_to_load_the_sign_in_page(rf: RequestFactory) -> None:
    request = rf.get("/rows/", headers={"HX-Request": "true", "HX-Current-URL": "https://evil.example.com/inbox/"})
    request.user = AnonymousUser()
    answer = page(Right.VIEW)(request)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/account/login/?next=/inbox/"


def test_a_person_who_left_is_refused(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User(email="ann@example.com", role=Role.OWNER, is_active=False)
    assert page(Right.VIEW)(request).status_code == 403
    assert reached == []
