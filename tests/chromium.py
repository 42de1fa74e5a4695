"""Brings a Chromium for the browser tests: Debian's as root, else Playwright's; without one those tests skip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright


def is_present() -> bool:
    if shutil.which("chromium"):
        return True
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def install() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)  # type: ignore[call-overload]  # plain keyword arguments
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], **quiet)  # type: ignore[call-overload]  # as above
    if not is_present():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    if not is_present():
        print("Bringing a Chromium for the browser tests …", file=sys.stderr)
        install()
    if not is_present():
        print("No Chromium could be installed; the browser tests will be skipped.", file=sys.stderr)


if __name__ == "__main__":
    main()
