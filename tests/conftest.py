"""One embedded PostgreSQL and Redis for all workers, no sockets to the outside, and people at hand."""

import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.core.cache import cache
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright

from opsroom import embedded
from opsroom.celery import app
from opsroom.people.models import User
from opsroom.people.roles import Role
from opsroom.scratch import template

PASSWORD = "correct horse battery staple"
# A page that is right comes in well under a second; a machine that runs much else may take long for it.
SLOWEST_MS = 20_000
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


def pytest_configure(config: pytest.Config) -> None:
    """The first process holds the servers for all workers, so that they stop once, at the very end."""
    embedded.ensure()


def pytest_unconfigure(config: pytest.Config) -> None:
    embedded.release()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_blocker: pytest_django.DjangoDbBlocker, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """The test database is a copy of a migrated template, which is many times faster than migrating anew."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = template()
        connection.close()


@pytest.fixture(autouse=True, scope="session")
def no_outside_sockets() -> Iterator[None]:
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"A test tried to reach {address}. Tests reach this machine alone.")
        return real(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


@pytest.fixture(autouse=True, scope="session")
def ledger_may_be_emptied_between_tests() -> Iterator[None]:
    """Tests that commit end with a TRUNCATE of every table, which the ledger's triggers rightly refuse."""
    real = DatabaseOperations.execute_sql_flush

    def flush(self: DatabaseOperations, sql_list: Sequence[str]) -> None:
        real(self, ["SET LOCAL session_replication_role = replica", *sql_list])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush)
        yield


@pytest.fixture(autouse=True, scope="session")
def _queue_in_memory() -> None:
    """A task sent by a test must never reach the workers of a running app."""
    app.conf.update(broker_url="memory://")


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real examples written by others, which lie beside the project and not in it."""
    path = Path(__file__).resolve().parents[2] / "shared"
    if not path.is_dir():
        pytest.skip(f"the shared examples are not at {path}")
    return path


def person(role: Role) -> User:
    return User.objects.create_user(f"{role}@example.com", PASSWORD, role=role, name=role.title())


@pytest.fixture
def owner(db: None) -> User:
    return person(Role.OWNER)


@pytest.fixture
def approver(db: None) -> User:
    return person(Role.APPROVER)


@pytest.fixture
def drafter(db: None) -> User:
    return person(Role.DRAFTER)


@pytest.fixture
def viewer(db: None) -> User:
    return person(Role.VIEWER)


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """`client_for(owner)` is a browser in which that person has signed in."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def empty_cache(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the session: Debian's, else Playwright's own, else a skip that says so."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's synchronous driver keeps an event loop in this thread, which Django would take for an async view.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        found = shutil.which("chromium") or playwright.chromium.executable_path
        if not Path(found).exists():
            pytest.skip("there is no Chromium: `make test` installs one, or run `playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Page]:
    """A fresh page in a context of its own; any error of a script or of the CSP fails the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(SLOWEST_MS)
    expect.set_options(timeout=SLOWEST_MS)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console", lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None
    )
    yield page
    context.close()
    assert problems == []
