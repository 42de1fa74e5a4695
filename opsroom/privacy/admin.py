from typing import Any

from django.contrib import admin

from connectors.admin.readonly import ReadOnlyAdmin
from opsroom.privacy.models import Clock, Erased, Request


@admin.register(Clock)
class ClockAdmin(admin.ModelAdmin[Any]):
    list_display = ("name", "days")


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "shop", "kind", "done_at", "outcome")
    list_filter = ("kind", "shop")
    list_select_related = ("shop",)


@admin.register(Erased)
class ErasedAdmin(ReadOnlyAdmin):
    list_display = ("at", "shop")
    list_filter = ("shop",)
    list_select_related = ("shop",)
