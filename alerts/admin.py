"""Thresholds and weights to change; alerts, waves and tickets to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from alerts.models import Alert, DetectorSetting, RankWeight, Ticket, TicketConversation, Wave


class ReadOnly(admin.ModelAdmin[Any]):
    """Written by the pipeline's steps alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(DetectorSetting)
class DetectorSettingAdmin(admin.ModelAdmin[DetectorSetting]):
    list_display = ("detector", "name", "channel", "country", "value", "unit", "effective_from", "is_assumed", "source")
    list_filter = ("detector", "channel", "country", "is_assumed")
    search_fields = ("detector", "name", "source")
    date_hierarchy = "effective_from"
    save_as = True


@admin.register(RankWeight)
class RankWeightAdmin(admin.ModelAdmin[RankWeight]):
    list_display = ("detector", "shop", "weight", "is_active", "effective_from", "reason")
    list_filter = ("detector", "is_active", "shop")
    search_fields = ("detector", "reason")


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ("title", "detector", "shop", "state", "cash_likely", "currency", "deadline", "rank", "last_seen_at")
    list_filter = ("state", "detector", "shop")
    search_fields = ("title", "subject_ref", "subject_label", "customer_ref")
    list_select_related = ("shop",)
    show_full_result_count = False


class MemberInline(admin.TabularInline[Ticket, Wave]):
    model = Ticket
    fk_name = "wave"
    fields = ("subject", "state", "priority", "intent", "order_ref", "opened_at")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True


@admin.register(Wave)
class WaveAdmin(ReadOnly):
    list_display = ("title", "size", "state", "first_at", "last_at")
    list_filter = ("state",)
    search_fields = ("title", "cause")
    inlines = (MemberInline,)


class ConversationInline(admin.TabularInline[TicketConversation, Ticket]):
    model = TicketConversation
    fk_name = "ticket"
    fields = ("shop", "conversation_ref", "came_from")
    readonly_fields = fields
    extra = 0
    max_num = 0
    can_delete = False


@admin.register(Ticket)
class TicketAdmin(ReadOnly):
    list_display = (
        "subject",
        "shop",
        "state",
        "priority",
        "intent",
        "emotion",
        "language",
        "order_ref",
        "wave",
        "last_message_at",
    )
    list_filter = ("state", "priority", "intent", "emotion", "language", "shop")
    search_fields = ("subject", "text", "order_ref", "customer_ref")
    list_select_related = ("shop", "wave")
    inlines = (ConversationInline,)
