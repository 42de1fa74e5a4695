from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AlertsConfig(AppConfig):
    name = "alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from alerts.defaults import enter_defaults  # noqa: PLC0415  # models exist only once the apps are ready

        post_migrate.connect(enter_defaults, sender=self)
