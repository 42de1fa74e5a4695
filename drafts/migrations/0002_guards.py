"""Triggers: the edges a draft may take, decisions that stay, a ledger that only grows; then its first months."""

from django.db import migrations
from django.utils import timezone

from connectors.saving.partitions import make_months
from drafts.guards import install


def install_guards(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        install(cursor)
    make_months(timezone.now())


class Migration(migrations.Migration):
    dependencies = [("drafts", "0001_initial")]

    operations = [migrations.RunPython(install_guards, migrations.RunPython.noop)]
