"""TikTok Shop's feeds, one subject a file: what is asked for, and how its rows become records."""
