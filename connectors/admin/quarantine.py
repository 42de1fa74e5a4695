"""Rows that could not be read: why, from where, and what they said."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from connectors.admin.readonly import ReadOnlyAdmin
from connectors.models import QuarantinedRow
from connectors.shops.files.export import csv_lines

SHOWN = 20_000


@admin.register(QuarantinedRow)
class QuarantinedRowAdmin(ReadOnlyAdmin):
    list_display = (
        "shop",
        "feed",
        "kind",
        "external_id",
        "place",
        "reason",
        "times_seen",
        "last_seen_at",
        "settled_at",
    )
    list_filter = (("settled_at", admin.EmptyFieldListFilter), "kind", "feed", "shop")
    list_select_related = ("shop",)
    search_fields = ("external_id", "reason", "place")
    date_hierarchy = "last_seen_at"
    ordering = ("-last_seen_at",)
    fields = (*list_display, "first_seen_at", "content")
    readonly_fields = fields
    actions = ("download", "settle")

    @admin.display(description="as received")
    def content(self, row: QuarantinedRow) -> str:
        text = bytes(row.raw[:SHOWN]).decode("utf-8", "replace")
        return text if len(row.raw) <= SHOWN else f"{text} … ({len(row.raw):,} bytes in all)"

    @admin.action(description="Download as CSV, to mend and import again", permissions=["view"])
    def download(self, request: HttpRequest, rows: QuerySet[QuarantinedRow]) -> StreamingHttpResponse:
        """No cell is live in a spreadsheet, whatever a buyer wrote into it."""
        lines = csv_lines(
            ["shop", "feed", "kind", "id", "place", "reason", "as received"],
            (
                (row.shop.name, row.feed, row.kind, row.external_id, row.place, row.reason, self.content(row))
                for row in rows.select_related("shop").iterator(chunk_size=500)
            ),
        )
        name = {"Content-Disposition": 'attachment; filename="quarantined-rows.csv"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=name)

    @admin.action(description="Settle: these rows need nothing more", permissions=["view"])
    def settle(self, request: HttpRequest, rows: QuerySet[QuarantinedRow]) -> None:
        chosen = list(rows.filter(settled_at=None))
        QuarantinedRow.objects.filter(pk__in=[row.pk for row in chosen]).update(settled_at=timezone.now())
        self.log_change_all(request, chosen)
        self.message_user(request, f"{len(chosen)} rows are settled. They are kept.", messages.SUCCESS)

    def log_change_all(self, request: HttpRequest, rows: list[QuarantinedRow]) -> None:
        for row in rows:
            self.log_change(request, row, "Settled by hand.")
