"""Runners do the I/O around the pure engine: a live node, a replay of an archive."""
