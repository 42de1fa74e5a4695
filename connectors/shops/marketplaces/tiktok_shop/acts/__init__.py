"""TikTok Shop's writes, one subject a file, each with the read that proves it."""
