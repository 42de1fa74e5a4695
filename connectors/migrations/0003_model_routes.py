import datetime
from decimal import Decimal

import django.core.validators
import django.utils.timezone
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from connectors.llm.routing import DEFAULTS

FIRST_DAY = datetime.date(2026, 1, 1)


def seed(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    routes = apps.get_model("connectors", "ModelRoute")
    routes.objects.bulk_create(
        routes(task=route.task, model=route.model, max_tokens=route.max_tokens, effort=route.effort)
        for route in DEFAULTS.values()
    )
    apps.get_model("connectors", "ModelBudget").objects.create(
        effective_from=FIRST_DAY,
        day_limit_usd=10,
        note="The first limit; change it to what the company wants to spend.",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0002_accountmetric"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelBudget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("effective_from", models.DateField(default=django.utils.timezone.localdate, unique=True)),
                (
                    "day_limit_usd",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="0 switches models off.",
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(Decimal(0))],
                    ),
                ),
                ("note", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-effective_from"],
            },
        ),
        migrations.CreateModel(
            name="ModelRoute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("task", models.CharField(max_length=40, unique=True)),
                ("model", models.CharField(help_text="The provider's id, such as claude-haiku-5-5.", max_length=60)),
                (
                    "max_tokens",
                    models.PositiveIntegerField(
                        default=4000,
                        help_text="Of the answer, with what the model thinks before it.",
                        validators=[
                            django.core.validators.MinValueValidator(500),
                            django.core.validators.MaxValueValidator(16000),
                        ],
                    ),
                ),
                (
                    "effort",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")], default="low", max_length=10
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["task"],
            },
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
