"""The MCP server: for one agent over stdio, or for many over HTTP."""

from argparse import ArgumentParser

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from opsroom import embedded
from opsroom.mcp import http_app, run_stdio
from opsroom.people.tokens import find_token


class Command(BaseCommand):
    help = (
        "Serve the tools for agents: over stdio with the token in OPSROOM_TOKEN (or the file that OPSROOM_TOKEN_FILE "
        "names), or with --http PORT at /mcp, where each request brings its own."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--http", type=int, metavar="PORT", help="Streamable HTTP on this port instead of stdio")
        parser.add_argument("--host", default="127.0.0.1", help="with --http, the address to listen on")

    def handle(self, *, http: int | None, host: str, **_: object) -> None:
        embedded.ensure()
        if http is not None:
            uvicorn.run(http_app(), host=host, port=http, log_config=None, server_header=False)
            return
        if not settings.MCP_TOKEN:
            raise CommandError("Set OPSROOM_TOKEN to a token that you have made under your profile, API tokens.")
        if find_token(settings.MCP_TOKEN, timezone.now()) is None:
            raise CommandError("The token in OPSROOM_TOKEN is not in force. Make one under your profile, API tokens.")
        run_stdio(settings.MCP_TOKEN)
