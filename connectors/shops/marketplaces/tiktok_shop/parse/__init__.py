"""TikTok Shop's JSON → records. Times are Unix seconds, money is decimal text, ids are text of up to 64 bits."""
