"""What the pages show, as plain values: read once, worded here, so that templates only place them."""
