"""Product texts of the catalogue become passages that an answer may cite, one document a SKU, kept as they are there.

Only the company's own sources count: a catalogue that is connected, and product lists that were entered as files.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import structlog
from celery import shared_task
from django.db import transaction
from django.utils import timezone

from connectors.models import Product
from connectors.reports import KIND as FILES_KIND
from drafts.knowledge.passages import split
from drafts.knowledge.shelf import enter_document
from drafts.models import Passage

log = structlog.get_logger()

OWN = ("catalogue", FILES_KIND)
PREFIX = "Product "
AT_ONCE = 1_000  # a whole catalogue comes in over some rings
LONGEST_NAME = 120


def enter_products(today: date, limit: int = AT_ONCE) -> int:
    """Bring the passages up to the catalogue; how many products were entered or ended. Again changes nothing."""
    texts, standing = catalogue(), entered()
    changed = [name for name, text in texts.items() if clauses(text) != standing.get(name, [])][:limit]
    gone = [name for name in standing if name not in texts][: limit - len(changed)]
    for name in changed:
        with transaction.atomic():
            enter_document(name, texts[name], valid_from=today)
    if gone:
        end(gone, today)
    return len(changed) + len(gone)


def catalogue() -> dict[str, str]:
    """Document name → text of every described product; of two sources the one that changed last."""
    rows = Product.objects.filter(shop__kind__in=OWN).exclude(description="").exclude(sku="").order_by("changed_at")
    return {
        f"{PREFIX}{sku}"[:LONGEST_NAME]: f"# {' '.join(title.split()) or sku}\n{description}"
        for sku, title, description in rows.values_list("sku", "title", "description")
    }


def entered() -> dict[str, list[tuple[str, str]]]:
    """Document name → (clause, text) pairs that hold now."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    rows = Passage.objects.filter(shop=None, document__startswith=PREFIX, valid_until=None).order_by("id")
    for name, clause, text in rows.values_list("document", "clause", "text"):
        found[name].append((clause, text))
    return dict(found)


def clauses(text: str) -> list[tuple[str, str]]:
    """As `enter_document` stores them."""
    return [(clause.clause[:60], clause.text) for clause in split(text)]


def end(names: list[str], today: date) -> None:
    """What the catalogue no longer describes held until yesterday; a text of today alone goes."""
    rows = Passage.objects.filter(shop=None, document__in=names, valid_until=None)
    rows.filter(valid_from__gte=today).delete()
    rows.update(valid_until=today - timedelta(days=1))


@shared_task(name="drafts.enter_products", queue="think", max_retries=0)
def enter_catalogue() -> None:
    """Beat: what the catalogue says by now."""
    moved = enter_products(timezone.now().date())
    if moved:
        log.info("product texts entered", products=moved)
