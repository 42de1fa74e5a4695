#!/usr/bin/env python
import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line

from opsroom.env import BadSetting


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsroom.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018  # reading one setting loads them all, so a bad one ends here without a traceback
    except BadSetting as error:
        sys.exit(f"Ops Room did not start: {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
