"""Policies to set; drafts, decisions, runs and the ledger to look at: those change by decisions alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from connectors.admin.readonly import ReadOnlyAdmin
from drafts.backtest.admin import PolicyAdmin
from drafts.knowledge.admin import PassageAdmin
from drafts.models import Approval, Attempt, Draft, Execution, LedgerLine, LedgerSeal, Pause

__all__ = ["PassageAdmin", "PolicyAdmin"]  # they register themselves where they are defined


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    """They begin and end on the pause page."""

    list_display = ("began_at", "by", "reason", "ended_at", "ended_by")
    list_select_related = ("by", "ended_by")
    search_fields = ("reason",)


class ApprovalInline(admin.TabularInline[Approval, Draft]):
    model = Approval
    extra = 0
    can_delete = False
    fields = ("by", "method", "version", "decided_at", "voided_at", "seconds_on_card")


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "state", "amount", "currency", "tier", "shop", "written_by", "changed_at")
    list_filter = ("state", "kind", "tier", "shop")
    search_fields = ("id", "command", "reason")
    date_hierarchy = "changed_at"
    list_select_related = ("shop",)
    inlines = (ApprovalInline,)


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    list_display = ("draft", "version", "by", "method", "decided_at", "voided_at")
    list_filter = ("method", "by")
    date_hierarchy = "decided_at"
    list_select_related = ("draft", "by")


class AttemptInline(admin.TabularInline[Attempt, Execution]):
    model = Attempt
    extra = 0
    can_delete = False
    fields = ("number", "worker", "fence", "started_at", "ended_at", "outcome", "reference", "request_id", "error")


@admin.register(Execution)
class ExecutionAdmin(ReadOnlyAdmin):
    list_display = ("draft", "state", "key", "fence", "worker", "lease_until", "next_at", "waiting_for", "reference")
    list_filter = ("draft__state", "draft__kind")
    search_fields = ("key", "reference")
    list_select_related = ("draft",)
    inlines = (AttemptInline,)
    readonly_fields = ("key",)

    @admin.display(ordering="draft__state")
    def state(self, execution: Execution) -> str:
        return execution.draft.get_state_display()


@admin.register(LedgerLine)
class LedgerLineAdmin(ReadOnlyAdmin):
    list_display = ("id", "recorded_at", "action", "actor", "draft_id", "said")
    list_display_links = None
    list_filter = ("action",)
    search_fields = ("draft_id",)
    ordering = ("-id",)
    list_select_related = ("actor",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The search is for the number of a draft."""
        if not search_term.strip().isdecimal():
            return queryset, False
        return queryset.filter(draft_id=int(search_term)), False

    @admin.display(description="body")
    def said(self, entry: LedgerLine) -> str:
        return bytes(entry.body).decode()


@admin.register(LedgerSeal)
class LedgerSealAdmin(ReadOnlyAdmin):
    list_display = ("number", "sealed_at", "entries", "chain_text")
    list_display_links = None
    ordering = ("-number",)

    @admin.display
    def entries(self, seal: LedgerSeal) -> int:
        return len(seal.entry_ids)

    @admin.display(description="chain")
    def chain_text(self, seal: LedgerSeal) -> str:
        return bytes(seal.chain).hex()
