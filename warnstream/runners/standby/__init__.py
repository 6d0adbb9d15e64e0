"""Two boxes with one log: one leads, the other one has every entry on disk and can take over."""
