"""A change of the rules, tried on the past before it is saved."""
