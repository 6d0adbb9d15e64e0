"""Fields of a radar."""
