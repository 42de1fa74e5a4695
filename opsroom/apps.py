from django.apps import AppConfig

from opsroom.celery import app


class OpsRoomConfig(AppConfig):
    name = "opsroom"
    label = "opsroom"
    verbose_name = "Ops Room"

    def ready(self) -> None:
        """Celery's current app belongs to one thread; as the default it serves every thread of the web server."""
        app.set_default()
