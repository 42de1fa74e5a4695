"""What dollars rest on: exchange rates and dated inputs."""

from django.contrib import admin

from connectors.models import DollarInput, FxRate


@admin.register(FxRate)
class FxRateAdmin(admin.ModelAdmin[FxRate]):
    list_display = ("currency", "base", "day", "rate", "source")
    list_filter = ("currency", "base")
    search_fields = ("currency", "source")
    date_hierarchy = "day"
    ordering = ("-day", "currency")


@admin.register(DollarInput)
class DollarInputAdmin(admin.ModelAdmin[DollarInput]):
    """A new figure is a new row with its own date, so that old cards still show what they rested on."""

    list_display = (
        "name", "shop", "sku", "low", "likely", "high", "currency", "effective_from", "is_assumed", "source",
    )  # fmt: skip
    list_filter = ("name", "is_assumed", "shop")
    list_select_related = ("shop",)
    search_fields = ("sku", "source")
    date_hierarchy = "effective_from"
    ordering = ("name", "shop", "sku", "-effective_from")
    save_as = True
