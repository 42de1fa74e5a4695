"""Which model does which task, what a day may cost, and what each call cost."""

from django.contrib import admin

from connectors.admin.readonly import ReadOnlyAdmin
from connectors.models import ModelBudget, ModelCall, ModelRoute


@admin.register(ModelRoute)
class ModelRouteAdmin(admin.ModelAdmin[ModelRoute]):
    list_display = ("task", "model", "effort", "max_tokens", "is_active")
    list_filter = ("is_active", "effort", "model")
    search_fields = ("task", "model")
    ordering = ("task",)


@admin.register(ModelBudget)
class ModelBudgetAdmin(admin.ModelAdmin[ModelBudget]):
    list_display = ("effective_from", "day_limit_usd", "note")
    search_fields = ("note",)
    date_hierarchy = "effective_from"
    ordering = ("-effective_from",)


@admin.register(ModelCall)
class ModelCallAdmin(ReadOnlyAdmin):
    list_display = (
        "at", "task", "model", "outcome", "cost_usd", "input_tokens", "cache_read_tokens", "output_tokens",
        "latency_ms", "stop_reason",
    )  # fmt: skip
    list_filter = ("outcome", "task", "model")
    search_fields = ("request_id", "detail")
    date_hierarchy = "at"
    ordering = ("-at",)
