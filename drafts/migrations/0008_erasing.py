"""The guard of drafts lets a finished draft lose its content, and nothing but lose it, when a customer is erased."""

from typing import Any

from django.db import migrations

from drafts.guards import install


def install_guards(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        install(cursor)


class Migration(migrations.Migration):
    dependencies = [("drafts", "0007_rules_of_the_company")]

    operations = [migrations.RunPython(install_guards, migrations.RunPython.noop)]
