"""Shops with their feeds and how their calls go."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from connectors.admin.readonly import ReadOnlyAdmin
from connectors.health import fault_of
from connectors.models import CallHealth, Feed, FeedHealth, Shop, WebhookRefusal


class FeedInline(admin.TabularInline[Feed, Shop]):
    model = Feed
    extra = 0
    can_delete = False
    fields = ("name", "every_seconds", "last_good_at", "next_pull_at", "count_at_source", "count_stored", "error_class")
    readonly_fields = ("name", "last_good_at", "next_pull_at", "count_at_source", "count_stored", "error_class")
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Shop)
class ShopAdmin(admin.ModelAdmin[Shop]):
    """Credentials are never shown; `manage.py connect` connects a shop, and connects it again."""

    list_display = ("name", "kind", "country", "currency", "state", "state_reason", "failing_feeds", "open_quarantine")
    list_filter = ("state", "kind", "country")
    search_fields = ("name", "external_id")
    readonly_fields = ("kind", "external_id", "base_url", "state_reason", "credentials_expire_at", "created_at")
    fields = ("name", "state", "country", "currency", "time_zone", *readonly_fields)
    inlines = (FeedInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shop]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                failing=Count("feeds", filter=~Q(feeds__error_class=""), distinct=True),
                waiting=Count("quarantined", filter=Q(quarantined__settled_at=None), distinct=True),
            )
        )

    @admin.display(description="feeds with a fault", ordering="failing")
    def failing_feeds(self, shop: Shop) -> int:
        return int(getattr(shop, "failing", 0))

    @admin.display(description="rows in quarantine", ordering="waiting")
    def open_quarantine(self, shop: Shop) -> int:
        return int(getattr(shop, "waiting", 0))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Shop | None = None) -> bool:
        return False


@admin.register(Feed)
class FeedAdmin(admin.ModelAdmin[Feed]):
    list_display = (
        "shop", "name", "fault", "last_good_at", "next_pull_at", "count_at_source", "count_stored", "count_quarantined",
        "failures", "error_text",
    )  # fmt: skip
    list_filter = ("error_class", "name", "shop__kind", "shop")
    list_select_related = ("shop",)
    search_fields = ("name", "shop__name", "error_text")
    fields = (
        "shop", "name", "every_seconds", "cursor", "last_good_at", "last_tried_at", "next_pull_at", "count_at_source",
        "count_stored", "count_quarantined", "failures", "error_class", "error_text",
    )  # fmt: skip
    readonly_fields = tuple(name for name in fields if name != "every_seconds")
    actions = ("read_now",)

    @admin.display(description="fault")
    def fault(self, feed: Feed) -> str:
        return fault_of(feed, timezone.now()) or "–"

    @admin.action(description="Read the chosen feeds now", permissions=["change"])
    def read_now(self, request: HttpRequest, feeds: QuerySet[Feed]) -> None:
        count = feeds.update(next_pull_at=timezone.now())
        self.message_user(request, f"{count} feeds are read within seconds.", messages.SUCCESS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Feed | None = None) -> bool:
        return False


@admin.register(FeedHealth)
class FeedHealthAdmin(ReadOnlyAdmin):
    list_display = ("feed", "hour", "pulls", "failures", "lacking", "rows_read", "rows_quarantined", "total_ms")
    list_filter = ("feed__shop",)
    list_select_related = ("feed",)
    search_fields = ("feed__name", "feed__shop__name")


@admin.register(CallHealth)
class CallHealthAdmin(ReadOnlyAdmin):
    list_display = (
        "shop",
        "operation",
        "hour",
        "calls",
        "failures",
        "mean_ms",
        "slowest_ms",
        "remaining_budget",
        "last_error",
    )
    list_filter = ("shop", "last_error")
    list_select_related = ("shop",)
    search_fields = ("operation", "shop__name")
    date_hierarchy = "hour"
    ordering = ("-hour", "shop", "operation")

    @admin.display(description="mean ms")
    def mean_ms(self, row: CallHealth) -> int:
        return round(row.total_ms / row.calls) if row.calls else 0


@admin.register(WebhookRefusal)
class WebhookRefusalAdmin(ReadOnlyAdmin):
    list_display = ("shop", "hour", "count")
    list_filter = ("shop",)
    list_select_related = ("shop",)
    ordering = ("-hour",)
