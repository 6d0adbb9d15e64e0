"""``warnstream init``: an office's tables become a folder that a node can run with."""
