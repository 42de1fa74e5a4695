"""Who is looking at a card."""

from datetime import datetime, timedelta

from drafts.models import Presence

FADES_AFTER = timedelta(seconds=30)


def look(alert_id: int, user_id: int, now: datetime) -> list[str]:
    """Note that this person looks, and name the others who do."""
    Presence.objects.bulk_create(
        [Presence(alert_id=alert_id, user_id=user_id, seen_at=now)],
        update_conflicts=True, unique_fields=["alert", "user"], update_fields=["seen_at"],
    )  # fmt: skip
    others = Presence.objects.filter(alert=alert_id, seen_at__gt=now - FADES_AFTER).exclude(user=user_id)
    return [str(presence.user) for presence in others.select_related("user").order_by("user")]
