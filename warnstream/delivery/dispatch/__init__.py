"""Which notification goes next, when again, and what its outcome makes of it: pure decisions of sending."""
