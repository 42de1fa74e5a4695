from django.db import migrations

CREATE = """
CREATE TABLE people_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX people_cache_expires ON people_cache (expires);
"""


class Migration(migrations.Migration):
    """The table that Django's database cache would make with `createcachetable`: used codes and rate limits."""

    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, "DROP TABLE people_cache")]
