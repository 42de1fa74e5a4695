"""What the planner knows of our tables.

A first load fills empty tables within seconds, and the server looks at them by itself up to a minute later. Until then
it plans a join of 50,000 rows as one of a few, and a look that takes a second takes a minute. So whoever is about to
look at much asks for the statistics first.
"""

from django.db import connection

LEAST = 500  # rows that came or moved since the last look; a plan made for none of them is bad at some thousands
STALE = """
SELECT s.relname FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
WHERE s.relname LIKE 'connectors\\_%%' AND NOT c.relispartition
  AND s.n_mod_since_analyze > greatest(%s, s.n_live_tup / 2) ORDER BY s.relname
"""


def refresh_statistics(least: int = LEAST) -> list[str]:
    """Have the planner look again at every table of records of which half has moved; the names of those."""
    with connection.cursor() as cursor:
        cursor.execute(STALE, [least])
        names = [name for (name,) in cursor.fetchall()]
        for name in names:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(name)}")
    return names
