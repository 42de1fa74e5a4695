"""The Marketing API as the twin speaks it."""
