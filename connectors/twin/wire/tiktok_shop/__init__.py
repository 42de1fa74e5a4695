"""TikTok Shop's Partner API, as the twin speaks it."""
