"""Our registrations with the platforms, and the visits to their consent pages."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from connectors import consent
from connectors.models.fields import EncryptedJSONField
from connectors.models.shop import Shop


class App(models.Model):
    """Our registration with one platform: what is entered once, and serves every account of that kind."""

    kind = models.CharField(max_length=40, unique=True)
    credentials = EncryptedJSONField(default=dict, blank=True)
    base_url = models.CharField(max_length=300, blank=True, help_text="Replaces the platform's API host (a sandbox).")
    consent_url = models.CharField(max_length=300, blank=True, help_text="Replaces the host of its consent pages.")
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["kind"]

    def __str__(self) -> str:
        return f"our app at {self.kind}"

    def as_given(self) -> consent.App:
        """What a connector is handed."""
        return consent.App(self.kind, self.credentials, self.base_url, self.consent_url)


class ConsentVisit(models.Model):
    """One visit to a consent page. It is good once, for the person who began it, and for a short time."""

    kind = models.CharField(max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    shop = models.ForeignKey(
        Shop, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="The one to connect again."
    )
    state_digest = models.BinaryField(max_length=32, unique=True, help_text="SHA-256 of the state that must come back.")
    secrets = EncryptedJSONField(help_text="The state itself, and PKCE's verifier.")
    given = models.JSONField(default=dict, blank=True)
    scopes = models.JSONField(default=list, blank=True)
    redirect_uri = models.CharField(max_length=500)
    next_page = models.CharField(max_length=500, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} at {self.began_at:%Y-%m-%d %H:%M}"
