"""Pictures of every page: `python docs/tour.py [FOLDER]`, from a desk in a database of its own.

Each page at 1440 and 390 pixels, light and dark. Needs Chromium, as the browser tests do.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsroom.settings")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread
django.setup()

from django.conf import settings  # noqa: E402  # the apps must be set up first, here and below
from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.testcases import LiveServerThread  # noqa: E402
from django.utils import timezone  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

from drafts import notify  # noqa: E402
from drafts.models import Draft  # noqa: E402
from opsroom.people.models import User  # noqa: E402
from opsroom.people.roles import Role  # noqa: E402
from opsroom.scratch import scratch_database  # noqa: E402
from tests.conftest import CHROMIUM_FLAGS  # noqa: E402
from tests.journeys import scene  # noqa: E402

WIDTHS = {"wide": (1440, 900), "narrow": (390, 844)}
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with scratch_database("tour"):
        owner = User.objects.create_user("mei@example.com", role=Role.OWNER, name="Mei", time_zone="Asia/Singapore")
        stops = pages(scene.desk())
        with served() as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
            for width, (columns, lines) in WIDTHS.items():
                for scheme in SCHEMES:
                    context = browser.new_context(
                        viewport={"width": columns, "height": lines},
                        color_scheme=scheme,
                        has_touch=width == "narrow",
                        is_mobile=width == "narrow",
                    )
                    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session(owner), "url": url}])
                    page = context.new_page()
                    for name, path in stops.items():
                        shoot(page, f"{url}{path}", folder / f"{name}-{width}-{scheme}.png", is_long=width == "narrow")
                    page.goto("about:blank")  # a mail reader does not have the CSP of our pages
                    page.set_content(digest_mail(owner))
                    page.screenshot(path=folder / f"digest-{width}-{scheme}.png", full_page=width == "narrow")
                    context.clear_cookies()
                    shoot(page, f"{url}/account/login/", folder / f"sign-in-{width}-{scheme}.png", is_long=False)
                    context.close()
            browser.close()


def pages(drafts: dict[str, Draft]) -> dict[str, str]:
    """Every stop of the tour and its address."""
    picked = Draft.objects.filter(tier="click", state="proposed").values_list("pk", flat=True)
    cards = {f"card-{name}": f"/alerts/{draft.alert_id}/" for name, draft in drafts.items()}
    return {
        "inbox": "/",
        **cards,
        "edit": f"/drafts/{drafts['reply'].pk}/edit/",
        "confirm": f"/drafts/{drafts['large'].pk}/confirm/",
        "settle": f"/drafts/{drafts['doubt'].pk}/settle/",
        "batch": "/batch/?" + "&".join(f"draft={pk}" for pk in [*picked, drafts["refund"].pk]),
        "draft": f"/drafts/{drafts['doubt'].pk}/",
        "history": "/history/",
        "connections": "/connections/",
        "connect": "/connections/new/",
        "connect-stripe": "/connections/new/stripe/",
        "record": f"/records/payment/{drafts['refund'].shop_id}/?id=pi_123",
        "profile": "/profile/",
        "tokens": "/profile/tokens/",
        "missing": "/nowhere/",
        "admin": "/admin/",
    }


def digest_mail(person: User) -> str:
    """The digest as a mail reader gets it."""
    letter = notify.letter(person, notify.compose_for(person, timezone.now()), "<tour@localhost>")
    return str(letter.alternatives[0][0])


def session(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def shoot(page: Page, url: str, file: Path, *, is_long: bool) -> None:
    page.goto(url)
    page.screenshot(path=file, full_page=is_long)


@contextmanager
def served() -> Iterator[str]:
    thread = LiveServerThread("localhost", StaticFilesHandler, connections_override={})
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    try:
        yield f"http://localhost:{thread.port}"
    finally:
        thread.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else settings.VAR_DIR / "tour")
