import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from connectors.vault import new_key
from opsroom.env import BadSetting, Env
from opsroom.servers.address import database_address, redis_address
from opsroom.servers.process import Account, Place

PLACE = Place(Path("/srv/.var"), Account.current())


def test_a_missing_value_is_its_default() -> None:
    env = Env({"EMPTY": "  "})
    assert env.text("EMPTY", "x") == "x"
    assert env.flag("NONE", default=True) is True
    assert env.whole("NONE", 7) == 7
    assert env.words("NONE", ["a"]) == ["a"]


def test_values_are_typed() -> None:
    env = Env({"F": "Yes", "N": "12", "D": "0.5", "L": "a, b,,c"})
    assert env.flag("F") is True
    assert env.whole("N", 0) == 12
    assert env.decimal("D", Decimal(1)) == Decimal("0.5")
    assert env.words("L") == ["a", "b", "c"]


def test_every_value_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    assert Env({"KEY_FILE": str(tmp_path / "secret")}).text("KEY") == "s3cret"


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(BadSetting, match=r"KEY_FILE is '/none', which cannot be read"):
        Env({"KEY_FILE": "/none"}).text("KEY")


def test_a_value_given_twice_is_refused() -> None:
    with pytest.raises(BadSetting, match="given twice"):
        Env({"KEY": "a", "KEY_FILE": "/etc/key"}).text("KEY")


@pytest.mark.parametrize("value", ["maybe", "2", "ja"])
def test_a_flag_that_is_none_says_what_is_allowed(value: str) -> None:
    with pytest.raises(BadSetting, match=f"OPSROOM_DEBUG is '{value}'"):
        Env({"OPSROOM_DEBUG": value}).flag("OPSROOM_DEBUG")


@pytest.mark.parametrize("value", ["ten", "-1", "101", "1.5", ""])
def test_a_number_outside_its_bounds_names_them(value: str) -> None:
    env = Env({"N": value})
    if not value:
        assert env.whole("N", 5, most=100) == 5
        return
    with pytest.raises(BadSetting, match=f"N is '{value}'. Allowed: a number from 0 to 100"):
        env.whole("N", 5, most=100)


def test_nan_is_no_number() -> None:
    with pytest.raises(BadSetting, match="a number from"):
        Env({"D": "NaN"}).decimal("D", Decimal(1))


def test_a_choice_that_is_none_lists_the_choices() -> None:
    with pytest.raises(BadSetting, match=r"LEVEL is 'LOUD'\. Allowed: INFO, WARNING"):
        Env({"LEVEL": "LOUD"}).text("LEVEL", choices=["WARNING", "INFO"])


def test_a_database_address_is_read_whole() -> None:
    url = "postgresql://ops:p%40ss@db.example.com:6432/opsroom?sslmode=verify-full"
    address = database_address(Env({"DATABASE_URL": url}), PLACE)
    assert (address.name, address.user, address.password, address.host, address.port) == (
        "opsroom", "ops", "p@ss", "db.example.com", "6432",
    )  # fmt: skip
    assert address.options["sslmode"] == "verify-full"
    assert address.options["keepalives_idle"] == "30"
    assert "p@ss" not in repr(address)


def test_a_database_address_without_a_name_or_of_another_kind_is_refused_without_its_password() -> None:
    with pytest.raises(BadSetting, match="without a database name"):
        database_address(Env({"DATABASE_URL": "postgresql://db.example.com"}), PLACE)
    with pytest.raises(BadSetting) as refused:
        database_address(Env({"DATABASE_URL": "mysql://me:hunter2@db/x"}), PLACE)
    assert "hunter2" not in str(refused.value)


def test_without_addresses_the_embedded_sockets_are_used() -> None:
    assert database_address(Env({}), PLACE).host == "/srv/.var/sockets"
    assert redis_address(Env({}), PLACE) == "redis+socket:///srv/.var/sockets/redis.sock"
    for url in ("redis+socket:///run/redis.sock?virtual_host=3", "redis://cache:6379/1"):
        assert redis_address(Env({"REDIS_URL": url}), PLACE) == url


def start(**variables: str) -> "subprocess.CompletedProcess[str]":
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("OPSROOM_", "DATABASE_", "REDIS_"))
    }
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env={**plain, **variables}, capture_output=True, text=True, check=False
    )


def test_a_bad_value_stops_the_start_in_one_line() -> None:
    done = start(OPSROOM_LOG_LEVEL="LOUD")
    assert done.returncode == 1
    assert done.stderr.startswith("Ops Room did not start: OPSROOM_LOG_LEVEL is 'LOUD'. Allowed: DEBUG, ERROR")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("missing", ["OPSROOM_SECRET_KEY", "OPSROOM_FIELD_KEY"])
def test_production_does_not_start_without_its_keys(missing: str, tmp_path: Path) -> None:
    keys = {"OPSROOM_SECRET_KEY": new_key(), "OPSROOM_FIELD_KEY": new_key()}
    del keys[missing]
    done = start(DATABASE_URL="postgresql://127.0.0.1/none", OPSROOM_VAR=str(tmp_path), **keys)
    assert done.returncode == 1
    assert f"{missing} is not set, but DATABASE_URL is" in done.stderr
    assert not list(tmp_path.glob("*_key"))


def test_a_field_key_that_is_none_stops_the_start() -> None:
    done = start(OPSROOM_FIELD_KEY="x" * 40)
    assert done.returncode == 1
    assert "OPSROOM_FIELD_KEY" in done.stderr
