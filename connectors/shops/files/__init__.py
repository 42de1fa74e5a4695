"""Marketplace reports as files."""
