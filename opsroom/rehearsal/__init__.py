"""A whole day driven through the real steps and judged against what the market knows."""
