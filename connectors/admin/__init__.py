"""Shops and feeds with their health, the quarantine, what dollars rest on, and the language model."""

from connectors.admin import dollars, language_model, quarantine, shops

__all__ = ["dollars", "language_model", "quarantine", "shops"]
