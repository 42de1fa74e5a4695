"""Connections, how they are made and ended, and one's own settings. They write the ledger, so they live above it."""
