"""What a message says, by rules alone: the same text gives the same reading, in microseconds, without a model."""
