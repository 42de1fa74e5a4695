"""The history as a file."""

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client

from opsroom.people.models import User
from tests.factories import DraftFactory

pytestmark = pytest.mark.django_db


def test_the_history_downloads_whole_and_nothing_in_it_is_live(
    viewer: User, client_for: Callable[[User], Client]
) -> None:
    DraftFactory.create(state="proposed")
    decided = DraftFactory.create(state="rejected", reason="=HYPERLINK(1)", preview={"summary": "@SUM(A1)"})
    answer = client_for(viewer).get("/history.csv", {"group": "rejected"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # a streamed answer
    header, row = csv.reader(io.StringIO(text))
    told = dict(zip(header, row, strict=True))
    assert told["id"] == str(decided.pk)
    assert (told["summary"], told["reason"]) == ("'@SUM(A1)", "'=HYPERLINK(1)")


def test_nobody_downloads_it_without_signing_in() -> None:
    assert Client().get("/history.csv").status_code == 302
