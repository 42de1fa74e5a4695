"""Forms of the decisions: the typed command of a draft, a reason, a time, a settlement."""
