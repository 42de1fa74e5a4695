"""Advertising that costs more than it brings."""
