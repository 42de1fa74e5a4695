"""Structured logs: JSON lines, or a readable form on a terminal; secrets are blanked before anything is written."""

import re
import sys
from typing import Any

import structlog

SECRET_KEYS = re.compile(
    r"(pass(word|phrase)?$|secret|token|api_?key|authorization|cookie|session_?key|signature|private_?key|card_?number|cvv|otp)",
    re.IGNORECASE,
)
BEARER = re.compile(
    r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}|\b(sk|rk|whsec|shpat|shpss)_[A-Za-z0-9_]{8,}|\bsk-ant-[A-Za-z0-9_-]{8,}"
    r"|\bops_[A-Za-z0-9_-]{20,}"
)
BLANK = "[redacted]"


def redact(value: Any, key: str = "") -> Any:
    """The value without what looks like a secret, by its key or by its form; containers are walked."""
    if key and SECRET_KEYS.search(key):
        return BLANK
    if isinstance(value, dict):
        return {name: redact(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redact(inner) for inner in value]
    return BEARER.sub(BLANK, value) if isinstance(value, str) else value


def redact_event(logger: Any, method: str, event: Any) -> Any:
    return redact(event)


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact_event,
]


def logging_settings(*, level: str, is_terminal: bool) -> dict[str, Any]:
    """Django's LOGGING: one handler to stderr, for our events and the libraries' alike."""
    renderer = structlog.dev.ConsoleRenderer() if is_terminal else structlog.processors.JSONRenderer()
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        "foreign_pre_chain": SHARED,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
            # httpx writes every address with its query, where some platforms carry the signature.
            "httpx": {"level": "WARNING"},
        },
    }


def configure() -> None:
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
