from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0013_when_it_was_charged")]

    operations = [
        migrations.AddIndex(
            model_name="webhookevent",
            index=models.Index(
                condition=models.Q(("topic__startswith", "privacy:")), fields=["received_at"], name="webhook_privacy"
            ),
        ),
    ]
