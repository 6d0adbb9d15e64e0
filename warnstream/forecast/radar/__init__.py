"""Members of the rain of the next three hours from fields of a radar: how it moves, and how they differ."""
