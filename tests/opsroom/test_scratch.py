import os
import subprocess
import sys
from threading import Thread

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import connection

from opsroom.people.models import User
from opsroom.scratch import maintenance, migration_state, scratch_database, template


def databases() -> set[str]:
    with maintenance() as server:
        return {row[0] for row in server.execute("SELECT datname FROM pg_database")}


@pytest.mark.django_db(transaction=True)
def test_rows_of_a_scratch_database_go_with_it() -> None:
    here = connection.settings_dict["NAME"]
    with scratch_database("test") as scratch:
        User.objects.create_user("scratch@example.com")
        assert connection.settings_dict["NAME"] == scratch.name
        assert scratch.name in databases()
    assert connection.settings_dict["NAME"] == here
    assert not User.objects.exists()
    assert scratch.name not in databases()


@pytest.mark.django_db(transaction=True)
def test_threads_and_subprocesses_see_the_same_scratch_database() -> None:
    seen: list[str] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            seen.append(cursor.fetchone()[0])
        connection.close()

    script = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "with connection.cursor() as c: print(c.execute('SELECT current_database()').fetchone()[0])"
    )
    with scratch_database("test") as scratch:
        thread = Thread(target=look)
        thread.start()
        thread.join()
        environment = {**scratch.environment(), "DJANGO_SETTINGS_MODULE": "opsroom.settings"}
        command = [sys.executable, "-c", script]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
        )
        seen.append(done.stdout.strip())
    assert seen == [scratch.name, scratch.name]


@pytest.mark.django_db(transaction=True)
def test_a_failed_command_drops_its_database_too() -> None:
    before = databases()
    with pytest.raises(ZeroDivisionError), scratch_database("test"):
        raise ZeroDivisionError
    assert {name for name in databases() - before if name.startswith(f"opsroom_test_{os.getpid()}_")} == set()


@pytest.mark.django_db
def test_it_refuses_to_begin_inside_a_transaction() -> None:
    with pytest.raises(CommandError, match="inside a transaction"), scratch_database("test"):
        pytest.fail("it began")


@pytest.mark.django_db(transaction=True)
def test_the_template_is_built_once_for_one_state() -> None:
    assert template() == template()
    assert template().endswith(migration_state())
