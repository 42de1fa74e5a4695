from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from drafts.knowledge.shelf import enter_document, shelf_for
from drafts.models import Passage
from tests.factories import ShopFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 21)


def test_a_new_version_of_a_document_ends_the_old_one_the_day_before() -> None:
    enter_document("House rules", "1.1 Thirty days.", valid_from=date(2026, 1, 1))

    assert enter_document("House rules", "1.1 Fourteen days.\n1.2 Unworn only.", valid_from=DAY) == 2
    assert [passage.text for passage in shelf_for(None, DAY).passages] == ["Fourteen days.", "Unworn only."]
    assert [passage.text for passage in shelf_for(None, date(2026, 11, 20)).passages] == ["Thirty days."]


def test_importing_the_same_day_again_replaces_and_doubles_nothing() -> None:
    enter_document("House rules", "1.1 Thirty days.", valid_from=DAY)
    enter_document("House rules", "1.1 Fourteen days.", valid_from=DAY)

    assert list(Passage.objects.values_list("text", flat=True)) == ["Fourteen days."]


def test_a_shops_own_rules_are_on_no_other_shops_shelf() -> None:
    mine, other = ShopFactory.create(), ShopFactory.create()
    enter_document("Mine", "1.1 Only here.", shop_id=mine.pk, valid_from=DAY)
    enter_document("All", "1.1 Everywhere.", valid_from=DAY)

    assert [passage.document for passage in shelf_for(mine.pk, DAY).passages] == ["All", "Mine"]
    assert [passage.document for passage in shelf_for(other.pk, DAY).passages] == ["All"]


def test_the_shelf_answers_with_what_the_question_is_about() -> None:
    enter_document("House rules", "1.1 Broken mugs are replaced.\n1.2 We ship in two days.", valid_from=DAY)

    assert shelf_for(None, DAY).about("my mug is broken", limit=1)[0].source == "House rules 1.1"


def test_entering_the_same_text_again_changes_nothing() -> None:
    enter_document("House rules", "1.1 Thirty days.", valid_from=date(2026, 1, 1))
    enter_document("House rules", "1.1 Thirty days.", valid_from=DAY)

    assert Passage.objects.get().valid_from == date(2026, 1, 1)


def test_a_text_file_becomes_clauses_through_the_admin(admin_client: Client) -> None:
    page = admin_client.post(
        "/admin/drafts/passage/add/",
        {
            "document": "House rules", "language": "en", "valid_from": "2026-11-21",
            "file": SimpleUploadedFile("rules.txt", b"1.1 Fourteen days.\n1.2 Unworn only."),
        },
    )  # fmt: skip

    assert page.status_code == 302
    assert list(Passage.objects.values_list("clause", "text")) == [("1.1", "Fourteen days."), ("1.2", "Unworn only.")]


@pytest.mark.parametrize(
    ("given", "said"),
    [({}, "Give the text, or a file that holds it."), ({"file": b"\xff\xfe\x00"}, "is no text in UTF-8")],
)
def test_a_document_without_readable_text_is_refused_and_nothing_is_stored(
    admin_client: Client, given: dict[str, bytes], said: str
) -> None:
    files = {name: SimpleUploadedFile("rules.txt", content) for name, content in given.items()}
    page = admin_client.post(
        "/admin/drafts/passage/add/", {"document": "A", "language": "en", "valid_from": "2026-11-21", **files}
    )

    assert said in page.content.decode()
    assert Passage.objects.count() == 0
