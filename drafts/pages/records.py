"""A saved record for the reader: its typed columns, and the payload as received, masked where it names people."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import zstandard
from django.utils import timezone
from django.utils.formats import date_format

from connectors.models import RawPayload, Shop
from connectors.models.base import RecordModel
from drafts.pages.wording import words

MASK = "•••"
HIDDEN_COLUMNS = {"id", "shop", "digest"}
PERSONAL_COLUMNS = {"name", "email", "phone", "address", "customer_name", "customer_email", "author", "recovery_url"}
# Names under which channels send what identifies a person.
PERSONAL_KEY = re.compile(
    r"e-?mail|phone|mobile|address|name|recipient|buyer|username|zip|postal|city|latitude|longitude|ip|card|iban|birth|dni|tax",
    re.IGNORECASE,
)
LARGEST_SHOWN = 200_000


def record_page(row: RecordModel, shop: Shop, *, is_masked: bool) -> dict[str, Any]:
    kind = str(row._meta.verbose_name).replace(" ", "_")
    newest = (
        RawPayload.objects.filter(shop=shop, kind=kind, external_id=row.external_id).order_by("-received_at").first()
    )
    return {
        "row": row,
        "shop": shop,
        "kind": words(str(row._meta.verbose_name)),
        "columns": list(columns(row, is_masked=is_masked)),
        "payload": payload_text(bytes(newest.body), is_masked=is_masked) if newest else "",
        "received_at": newest.received_at if newest else None,
        "is_masked": is_masked,
    }


def columns(row: RecordModel, *, is_masked: bool) -> Iterator[tuple[str, Any]]:
    for field in row._meta.concrete_fields:
        if field.name in HIDDEN_COLUMNS:
            continue
        value = getattr(row, field.attname)
        yield words(field.name), MASK if is_masked and field.name in PERSONAL_COLUMNS and value else shown(value)


def shown(value: Any) -> Any:
    """Times to the second, lists in one line, nothing as a dash."""
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "Y-m-d H:i:s")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "–"
    return "–" if value in ("", None) else value


def payload_text(body: bytes, *, is_masked: bool) -> str:
    """The payload as indented JSON, or as the text it is. A viewer never gets a payload that is not JSON."""
    raw = zstandard.ZstdDecompressor().decompress(body, max_output_size=LARGEST_SHOWN * 100)
    try:
        content = json.loads(raw)
    except ValueError:
        return (
            "Not JSON: shown to those who draft or approve."
            if is_masked
            else raw[:LARGEST_SHOWN].decode("utf-8", "replace")
        )
    shown = masked(content) if is_masked else content
    return json.dumps(shown, indent=2, ensure_ascii=False)[:LARGEST_SHOWN]


def masked(content: Any, is_personal: bool = False) -> Any:
    """The same shape with every value under a personal key replaced."""
    if isinstance(content, dict):
        return {key: masked(value, is_personal or bool(PERSONAL_KEY.search(key))) for key, value in content.items()}
    if isinstance(content, list):
        return [masked(value, is_personal) for value in content]
    return MASK if is_personal and content not in (None, "") else content
