"""What is legal in a configuration and bites: one small function for each, `registry` has all."""
