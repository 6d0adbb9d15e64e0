"""A third machine that says which of two boxes may lead: the one that it has lent that to."""
