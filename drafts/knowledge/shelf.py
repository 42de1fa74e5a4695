"""The passages that hold today, kept ready to be searched; read again when one has changed."""

from __future__ import annotations

from datetime import date
from threading import Lock

from django.db.models import Count, Max, Q
from django.utils import timezone

from drafts.knowledge.passages import CitedPassage, split
from drafts.knowledge.retrieval import Index
from drafts.models import Passage


class Shelf:
    """One shop's passages and the company's own, valid on one day."""

    def __init__(self, passages: list[CitedPassage]) -> None:
        self.passages = passages
        self.index = Index([f"{passage.source}: {passage.text}" for passage in passages])

    def about(self, question: str, limit: int = 4) -> list[CitedPassage]:
        return [self.passages[place] for place, _ in self.index.search(question, limit)]


_shelves: dict[tuple[int | None, date, tuple[int, int | None]], Shelf] = {}
_lock = Lock()


def shelf_for(shop_id: int | None, day: date | None = None) -> Shelf:
    """The shelf of a shop today. Passages are few and change rarely, so a count and the newest id tell of a change."""
    day = day or timezone.now().date()
    rows = Passage.objects.filter(Q(shop=None) | Q(shop=shop_id), valid_from__lte=day).exclude(valid_until__lt=day)
    state = rows.aggregate(count=Count("id"), newest=Max("id"))
    key = (shop_id, day, (state["count"], state["newest"]))
    with _lock:
        if key not in _shelves:
            _shelves.clear()
            _shelves[key] = Shelf([cited(row) for row in rows])
        return _shelves[key]


def cited(row: Passage) -> CitedPassage:
    return CitedPassage(row.pk, row.document, row.clause, row.text, row.language, row.valid_from, row.valid_until)


def enter_document(
    name: str, text: str, *, shop_id: int | None = None, language: str = "en", valid_from: date | None = None
) -> int:
    """Store a document's clauses, unless they stand so already; its earlier version ends the day before. How many."""
    first_day = valid_from or timezone.now().date()
    clauses = split(text)
    of_shop = Q(shop=None) if shop_id is None else Q(shop=shop_id)
    earlier = Passage.objects.filter(of_shop, document=name, valid_until=None)
    if [(row.clause, row.text) for row in earlier.order_by("id")] == [
        (each.clause[:60], each.text) for each in clauses
    ]:
        return len(clauses)
    earlier.filter(valid_from__gte=first_day).delete()
    earlier.update(valid_until=date.fromordinal(first_day.toordinal() - 1))
    Passage.objects.bulk_create(
        Passage(
            document=name, clause=clause.clause[:60], text=clause.text, shop_id=shop_id, language=language,
            valid_from=first_day,
        )
        for clause in clauses
    )  # fmt: skip
    return len(clauses)
