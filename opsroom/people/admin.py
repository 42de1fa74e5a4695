from typing import Any

from allauth.mfa import admin as factors
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest

from opsroom.people.models import User

admin.site.unregister(Group)  # rights come from the role alone
# Importing allauth's own page has registered it, so that ours stands in its place.
factors.admin.site.unregister(Authenticator)


class PersonCreationForm(AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email", "name", "role")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class PersonChangeForm(UserChangeForm[User]):
    class Meta:
        model = User
        fields = "__all__"
        widgets = {"approve_limit_currency": forms.TextInput(attrs={"size": 4})}


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    form = PersonChangeForm
    add_form = PersonCreationForm
    list_display = (
        "email",
        "name",
        "role",
        "is_active",
        "approve_limit",
        "approve_limit_currency",
        "time_zone",
        "last_login",
    )
    list_filter = ("role", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "joined_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("What this person may do", {"fields": ("role", "is_active", "approve_limit", "approve_limit_currency")}),
        ("Stand-in", {"fields": ("delegate_to", "delegate_until")}),
        ("Mail and pages", {"fields": ("time_zone", "digest_hour", "wants_digest", "keyboard_shortcuts")}),
        ("History", {"fields": ("joined_at", "last_login")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "role", "usable_password", "password1", "password2")},
        ),
    )


@admin.register(Authenticator)
class AuthenticatorAdmin(admin.ModelAdmin[Any]):
    """A lost second factor is taken away here. None can be made or read: who could make another person's would be two
    people at once."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__email",)
    fields = readonly_fields = list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
