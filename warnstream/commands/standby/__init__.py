"""Commands of two boxes with one log."""
