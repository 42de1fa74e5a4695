"""The presets that the card offers: why a draft is rejected, until when an alert sleeps."""

REASONS = [
    "The amount is wrong",
    "The facts are wrong or old",
    "The text is not how we write",
    "Handled elsewhere",
    "Not worth doing",
]
NAPS = [
    ("1h", "1 hour"),
    ("4h", "4 hours"),
    ("tomorrow", "Tomorrow 9:00"),
    ("monday", "Monday 9:00"),
    ("at", "Until …"),
]
