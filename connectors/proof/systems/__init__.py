"""One file for each system whose specification is published: what is driven over the wire, and who judges it."""
